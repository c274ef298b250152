import java.time.Instant;
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
 * Packs records of `clicks` by partition, in their order: rows (partition, offset, record time, value) in, rows (key,
 * (partition, heads, values)) out. A head is a record's offset, its time in epoch ms and the length of its value.
 *
 * It keeps no state: what it holds goes out before a watermark, a checkpoint or the end. Flink compiles it by Janino.
 */
public class ClickBatches extends AbstractStreamOperator implements OneInputStreamOperator, ProcessingTimeCallback {

  private static final int FULL_BYTES = 1 << 18;

  public static class Batch {
    final DataOutputSerializer heads = new DataOutputSerializer(1 << 12);
    final DataOutputSerializer values = new DataOutputSerializer(1 << 15);
  }

  private final String[] keys;
  private final long waitMs;
  private final Map batches = new HashMap();
  private boolean waiting = false;

  /** References: the keys of the partitions 0, 1, ..., and how many milliseconds a record waits at most. */
  public ClickBatches(
      Object[] references, StreamTask task, StreamConfig config, Output output, ProcessingTimeService time)
      throws Exception {
    keys = (String[]) references[0];
    waitMs = ((Number) references[1]).longValue();
    setup(task, config, output);
    setProcessingTimeService(time);
  }

  public void processElement(StreamRecord element) throws Exception {
    Row record = (Row) element.getValue();
    Integer partition = (Integer) record.getField(0);
    byte[] value = (byte[]) record.getField(3);
    Batch batch = (Batch) batches.get(partition);
    if (batch == null) {
      batch = new Batch();
      batches.put(partition, batch);
    }
    batch.heads.writeLong(((Long) record.getField(1)).longValue());
    batch.heads.writeLong(((Instant) record.getField(2)).toEpochMilli());
    batch.heads.writeInt(value == null ? 0 : value.length);
    if (value != null) {
      batch.values.write(value);
    }
    if (batch.values.length() >= FULL_BYTES) {
      emit(partition, batch);
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
      emit((Integer) entry.getKey(), (Batch) entry.getValue());
    }
  }

  private void emit(Integer partition, Batch batch) {
    if (batch.heads.length() == 0) {
      return;
    }
    Row packed = new Row(3);
    packed.setField(0, partition);
    packed.setField(1, batch.heads.getCopyOfBuffer());
    packed.setField(2, batch.values.getCopyOfBuffer());
    batch.heads.clear();
    batch.values.clear();
    int number = partition.intValue();
    Row keyed = new Row(2);
    keyed.setField(0, number < keys.length ? keys[number] : "clicks/" + number);
    keyed.setField(1, packed);
    output.collect(new StreamRecord(keyed));
  }
}
