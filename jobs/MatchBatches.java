import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
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
 * Puts what comes for a key into one row: rows (key, bytes) in, rows (key, parts) out. A part is the length of its bytes,
 * 4 bytes, and these.
 *
 * It keeps no state: what it holds goes out before a watermark, a checkpoint or the end. Flink compiles it by Janino.
 */
public class MatchBatches extends AbstractStreamOperator implements OneInputStreamOperator, ProcessingTimeCallback {

  private static final int FULL_BYTES = 1 << 16;

  private final long waitMs;
  private final Map batches = new HashMap();
  private boolean waiting = false;

  /** References: how many milliseconds a row waits at most. */
  public MatchBatches(
      Object[] references, StreamTask task, StreamConfig config, Output output, ProcessingTimeService time)
      throws Exception {
    waitMs = ((Number) references[0]).longValue();
    setup(task, config, output);
    setProcessingTimeService(time);
  }

  public void processElement(StreamRecord element) throws Exception {
    Row row = (Row) element.getValue();
    String key = (String) row.getField(0);
    byte[] part = (byte[]) row.getField(1);
    DataOutputSerializer parts = (DataOutputSerializer) batches.get(key);
    if (parts == null) {
      parts = new DataOutputSerializer(1 << 12);
      batches.put(key, parts);
    }
    parts.writeInt(part.length);
    parts.write(part);
    if (parts.length() >= FULL_BYTES) {
      emit(key, parts);
    } else if (!waiting) {
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
    Iterator entries = batches.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry entry = (Map.Entry) entries.next();
      emit((String) entry.getKey(), (DataOutputSerializer) entry.getValue());
    }
  }

  private void emit(String key, DataOutputSerializer parts) {
    if (parts.length() == 0) {
      return;
    }
    Row row = new Row(2);
    row.setField(0, key);
    row.setField(1, parts.getCopyOfBuffer());
    parts.clear();
    output.collect(new StreamRecord(row));
  }
}
