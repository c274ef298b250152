import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.apache.flink.api.common.operators.ProcessingTimeService.ProcessingTimeCallback;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
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
 * (partition, plain heads, plain texts, other heads, other values)) out.
 *
 * Plain is a click as nearly all producers write it, which this reads: the head holds its offset, event time in epoch
 * ms, price in micro-units or -1, and the number of its kind; the texts end in newlines. Other records are left to
 * Python, which knows why to refuse: the head holds how many plain ones came before, offset, the record's time in epoch
 * ms, and the length of the value.
 *
 * It keeps no state: what it holds goes out before a watermark, a checkpoint or the end. In front of a checkpoint an empty
 * batch follows where any came since the last one, for who writes down what they held. Flink compiles it by Janino.
 */
public class ClickBatches extends AbstractStreamOperator implements OneInputStreamOperator, ProcessingTimeCallback {

  private static final int FULL_BYTES = 1 << 18;

  public static class Batch {
    final DataOutputSerializer heads = new DataOutputSerializer(1 << 12);
    final DataOutputSerializer texts = new DataOutputSerializer(1 << 15);
    final DataOutputSerializer otherHeads = new DataOutputSerializer(1 << 8);
    final DataOutputSerializer otherValues = new DataOutputSerializer(1 << 10);
    int plain = 0;
    boolean isSaved = true;

    void add(long offset, PlainClick click) throws IOException {
      plain++;
      heads.writeLong(offset);
      heads.writeLong(click.timeMs);
      heads.writeLong(click.priceMicro);
      heads.writeByte(click.kind);
      for (int at = 0; at < PlainClick.TEXTS; at++) {
        texts.write(click.texts[at].getBytes(StandardCharsets.US_ASCII));
        texts.writeByte('\n');
      }
    }

    void addOther(long offset, long recordMs, byte[] value) throws IOException {
      otherHeads.writeInt(plain);
      otherHeads.writeLong(offset);
      otherHeads.writeLong(recordMs);
      otherHeads.writeInt(value == null ? 0 : value.length);
      if (value != null) {
        otherValues.write(value);
      }
    }

    boolean isEmpty() {
      return heads.length() + otherHeads.length() == 0;
    }

    boolean isFull() {
      return texts.length() + otherValues.length() >= FULL_BYTES;
    }

    void clear() {
      plain = 0;
      heads.clear();
      texts.clear();
      otherHeads.clear();
      otherValues.clear();
    }
  }

  /** One flat JSON object of printable ASCII without escapes; whatever `read` says yes to, Python decodes to the same. */
  public static class PlainClick {

    /** The first TEXTS of them are texts, in the order in which they go out. */
    private static final String[] FIELDS = {
      "session_id", "event_id", "user_id", "item_id", "coupon", "kind", "event_time", "price"
    };
    static final int TEXTS = 5;
    private static final int KIND = 5;
    private static final int EVENT_TIME = 6;
    private static final int PRICE = 7;
    private static final int INT_CHARS_MAX = 18;
    private static final int FLOAT_CHARS_MAX = 24;
    private static final String TIME = "0000-00-00T00:00:00.000Z";
    private static final int SECONDS_END = 19;

    final String[] texts = new String[TEXTS];
    long timeMs;
    long priceMicro;
    int kind;

    private final JsonFactory json = new JsonFactory();
    private final String[] kinds;
    private final long textCharsMax;
    private final long timeMsMax;
    private final long aheadMsMax;
    private final long priceMax;

    PlainClick(String[] kinds, long textCharsMax, long timeMsMax, long aheadMsMax, long priceMax) {
      this.kinds = kinds;
      this.textCharsMax = textCharsMax;
      this.timeMsMax = timeMsMax;
      this.aheadMsMax = aheadMsMax;
      this.priceMax = priceMax;
    }

    boolean read(byte[] value, long recordMs) throws IOException {
      if (!isPlain(value)) {
        return false;
      }
      for (int at = 0; at < TEXTS; at++) {
        texts[at] = "";
      }
      timeMs = -1;
      priceMicro = -1;
      kind = -1;
      JsonParser parser = json.createParser(value);
      try {
        return isRead(parser) && isValid(recordMs);
      } catch (IOException broken) {
        return false;
      } catch (DateTimeException broken) {
        return false;
      } finally {
        parser.close();
      }
    }

    private static boolean isPlain(byte[] value) {
      for (int at = 0; at < value.length; at++) {
        if (value[at] < ' ' || value[at] > '~' || value[at] == '\\') {
          return false;
        }
      }
      return true;
    }

    private boolean isRead(JsonParser parser) throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return false;
      }
      JsonToken token = parser.nextToken();
      while (token == JsonToken.FIELD_NAME) {
        int field = fieldOf(parser.getCurrentName());
        if (!isTaken(field, parser, parser.nextToken())) {
          return false;
        }
        token = parser.nextToken();
      }
      return token == JsonToken.END_OBJECT && parser.nextToken() == null;
    }

    private static int fieldOf(String name) {
      int field = FIELDS.length - 1;
      while (field >= 0 && !FIELDS[field].equals(name)) {
        field--;
      }
      return field;
    }

    /** Takes what a field holds; says no to what this does not read, -1 is a field that nobody knows. */
    private boolean isTaken(int field, JsonParser parser, JsonToken token) throws IOException {
      if (token == JsonToken.VALUE_STRING) {
        return field < 0 || isTextTaken(field, parser.getText());
      }
      if (token == JsonToken.VALUE_NUMBER_INT) {
        if (parser.getTextLength() > INT_CHARS_MAX) {
          return false;
        }
        return field < 0 || isNumberTaken(field, parser.getLongValue());
      }
      if (token == JsonToken.VALUE_NUMBER_FLOAT) {
        String text = parser.getText();
        if (text.length() > FLOAT_CHARS_MAX || text.indexOf('e') >= 0 || text.indexOf('E') >= 0) {
          return false;
        }
        return field < 0 || field == PRICE && isPriceTaken(Double.parseDouble(text));
      }
      return field < 0 && token != null && token.isScalarValue();
    }

    private boolean isTextTaken(int field, String text) {
      if (field < TEXTS) {
        texts[field] = text;
      } else if (field == KIND) {
        kind = kinds.length - 1;
        while (kind >= 0 && !kinds[kind].equals(text)) {
          kind--;
        }
      } else if (field == EVENT_TIME) {
        timeMs = timeOf(text);
      }
      return field != PRICE;
    }

    private boolean isNumberTaken(int field, long number) {
      if (field == EVENT_TIME) {
        timeMs = number;
        return true;
      }
      return field == PRICE && isPriceTaken(number);
    }

    /** Rounded down, so that none below a rule's bound reaches it. */
    private boolean isPriceTaken(double price) {
      if (price < 0 || price > priceMax) {
        return false;
      }
      priceMicro = (long) Math.rint(price * 1e6);
      if (priceMicro > 0 && priceMicro / 1e6 > price) {
        priceMicro--;
      }
      return true;
    }

    /** Epoch milliseconds of a time in UTC with three decimals or none; -1 for all that is written otherwise. */
    private static long timeOf(String text) {
      int length = text.length();
      if (length != TIME.length() && length != SECONDS_END + 1 || text.charAt(length - 1) != 'Z') {
        return -1;
      }
      for (int at = 0; at < length - 1; at++) {
        char found = text.charAt(at);
        char wanted = TIME.charAt(at);
        if (wanted == '0' ? found < '0' || found > '9' : found != wanted) {
          return -1;
        }
      }
      long hour = digits(text, 11, 13);
      long minute = digits(text, 14, 16);
      long second = digits(text, 17, SECONDS_END);
      if (hour > 23 || minute > 59 || second > 59) {
        return -1;
      }
      long day = LocalDate.of(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)).toEpochDay();
      long ms = length == TIME.length() ? digits(text, SECONDS_END + 1, length - 1) : 0;
      return (((day * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms;
    }

    private static int digits(String text, int start, int end) {
      int number = 0;
      for (int at = start; at < end; at++) {
        number = number * 10 + text.charAt(at) - '0';
      }
      return number;
    }

    private boolean isValid(long recordMs) {
      int chars = 0;
      for (int at = 0; at < TEXTS; at++) {
        chars += texts[at].length();
      }
      return isIdentifier(texts[0])
          && isIdentifier(texts[1])
          && chars <= textCharsMax
          && kind >= 0
          && timeMs >= 0
          && timeMs <= timeMsMax
          && (timeMs <= recordMs + aheadMsMax || recordMs < 0);
    }

    private static boolean isIdentifier(String text) {
      return text.length() > 0 && text.charAt(0) > ' ';
    }
  }

  private final String[] keys;
  private final long waitMs;
  private final PlainClick click;
  private final Map batches = new HashMap();
  private boolean waiting = false;

  /**
   * References: the keys of the partitions 0, 1, ..., the kinds of clicks, how many milliseconds a record waits at
   * most, and the bounds of a plain click: the characters of its texts, its time, how far this may lie ahead of the
   * record's, its price.
   */
  public ClickBatches(
      Object[] references, StreamTask task, StreamConfig config, Output output, ProcessingTimeService time)
      throws Exception {
    keys = (String[]) references[0];
    waitMs = number(references[2]);
    click =
        new PlainClick(
            (String[]) references[1],
            number(references[3]),
            number(references[4]),
            number(references[5]),
            number(references[6]));
    setup(task, config, output);
    setProcessingTimeService(time);
  }

  private static long number(Object reference) {
    return ((Number) reference).longValue();
  }

  public void processElement(StreamRecord element) throws Exception {
    Row record = (Row) element.getValue();
    Integer partition = (Integer) record.getField(0);
    long offset = ((Long) record.getField(1)).longValue();
    long recordMs = ((Instant) record.getField(2)).toEpochMilli();
    byte[] value = (byte[]) record.getField(3);
    Batch batch = (Batch) batches.get(partition);
    if (batch == null) {
      batch = new Batch();
      batches.put(partition, batch);
    }
    if (value != null && click.read(value, recordMs)) {
      batch.add(offset, click);
    } else {
      batch.addOther(offset, recordMs, value);
    }
    if (batch.isFull()) {
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
    Iterator entries = batches.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry entry = (Map.Entry) entries.next();
      Batch batch = (Batch) entry.getValue();
      if (!batch.isSaved) {
        send((Integer) entry.getKey(), batch);
        batch.isSaved = true;
      }
    }
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
    if (!batch.isEmpty()) {
      send(partition, batch);
      batch.isSaved = false;
    }
  }

  private void send(Integer partition, Batch batch) {
    Row packed = new Row(5);
    packed.setField(0, partition);
    packed.setField(1, batch.heads.getCopyOfBuffer());
    packed.setField(2, batch.texts.getCopyOfBuffer());
    packed.setField(3, batch.otherHeads.getCopyOfBuffer());
    packed.setField(4, batch.otherValues.getCopyOfBuffer());
    batch.clear();
    int number = partition.intValue();
    Row keyed = new Row(2);
    keyed.setField(0, number < keys.length ? keys[number] : "clicks/" + number);
    keyed.setField(1, packed);
    output.collect(new StreamRecord(keyed));
  }
}
