"""What all tests share."""

from hypothesis import HealthCheck, settings

# The machines are shared: how long a draw takes says nothing about the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
