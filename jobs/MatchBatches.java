import java.nio.ByteBuffer;
import org.apache.flink.api.common.operators.ProcessingTimeService.ProcessingTimeCallback;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.streaming.api.graph.StreamConfig;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.streaming.runtime.tasks.StreamTask;
import org.apache.flink.types.Row;

/**
 * Puts what comes for a shard into one row: rows (parts of several shards) in, rows (key, parts of one) out. A part is the
 * number of its shard and the length of its bytes, 4 bytes each, and these.
 *
 * It keeps no state: what it holds goes out before a watermark, a checkpoint or the end. Flink compiles it by Janino.
 */
public class MatchBatches extends AbstractStreamOperator implements OneInputStreamOperator, ProcessingTimeCallback {

  private static final int FULL_BYTES = 1 << 16;
  private static final int HEAD_BYTES = 8;

  private final String[] keys;
  private final DataOutputSerializer[] batches;
  private final long waitMs;
  private boolean waiting = false;

  /** References: the keys of the shards 0, 1, ..., and how many milliseconds a row waits at most. */
  public MatchBatches(
      Object[] references, StreamTask task, StreamConfig config, Output output, ProcessingTimeService time)
      throws Exception {
    keys = (String[]) references[0];
    waitMs = ((Number) references[1]).longValue();
    batches = new DataOutputSerializer[keys.length];
    for (int shard = 0; shard < keys.length; shard++) {
      batches[shard] = new DataOutputSerializer(1 << 12);
    }
    setup(task, config, output);
    setProcessingTimeService(time);
  }

  public void processElement(StreamRecord element) throws Exception {
    ByteBuffer parts = ByteBuffer.wrap((byte[]) ((Row) element.getValue()).getField(0));
    while (parts.hasRemaining()) {
      int shard = parts.getInt();
      int length = parts.getInt();
      batches[shard].write(parts.array(), parts.position() - HEAD_BYTES, HEAD_BYTES + length);
      parts.position(parts.position() + length);
      if (batches[shard].length() >= FULL_BYTES) {
        emit(shard);
      }
    }
    if (!waiting) {
      waiting = true;
      getProcessingTimeService().registerTimer(getProcessingTimeService().getCurrentProcessingTime() + waitMs, this);
    }
  }

  public void onProcessingTime(long time) throws Exception {
    waiting = false;
    emitAll();
  }

  public void processWatermark(Watermark mark) throws Exception {
    emitAll();
    super.processWatermark(mark);
  }

  public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
    emitAll();
  }

  public void finish() throws Exception {
    emitAll();
    super.finish();
  }

  private void emitAll() {
    for (int shard = 0; shard < keys.length; shard++) {
      emit(shard);
    }
  }

  private void emit(int shard) {
    if (batches[shard].length() == 0) {
      return;
    }
    Row row = new Row(2);
    row.setField(0, keys[shard]);
    row.setField(1, batches[shard].getCopyOfBuffer());
    batches[shard].clear();
    output.collect(new StreamRecord(row));
  }
}
