"""Pure functions of the stream: no engine, network, store, clock or chance."""
