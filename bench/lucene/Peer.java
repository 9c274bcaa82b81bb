import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.SortedNumericDocValuesField;
import org.apache.lucene.document.SortedSetDocValuesField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.Version;

/**
 * The peer of the index benchmarks. Lines "id TAB text" become documents of an id and one text field with positions;
 * with kind "fields" or "columns" the lines are those of bench/corpus_text: a text field for each field of the catalogue,
 * and for "columns" doc values as well.
 *
 * index english|tokens|fields|columns THREADS TEXT DIR   builds; prints seconds, documents and bytes as one JSON line
 * search DIR QUERIES ROUNDS               queries "OR|AND TAB token token …"; prints microseconds as one JSON line a kind
 */
public final class Peer {
  private static Analyzer analyzer(String kind) {
    return kind.equals("english") ? new EnglishAnalyzer() : new WhitespaceAnalyzer();
  }

  /** "piece=tokens", "piece#integers" or "piece@word" of a line of fields. */
  private static void addPart(Document d, String part, boolean columns) {
    int at = 0;
    while (Character.isLetterOrDigit(part.charAt(at))) at++;
    String name = part.substring(0, at), value = part.substring(at + 1);
    switch (part.charAt(at)) {
      case '=' -> d.add(new TextField(name, value, Field.Store.NO));
      case '@' -> { if (columns) d.add(new SortedSetDocValuesField(name + "@", new BytesRef(value))); }
      default -> {
        if (columns) for (String n : value.trim().split(" ")) d.add(new SortedNumericDocValuesField(name + "#", Long.parseLong(n)));
      }
    }
  }

  private static Document document(String kind, String line) {
    boolean columns = kind.equals("columns");
    Document d = new Document();
    int tab = line.indexOf('\t');
    d.add(new StringField("id", line.substring(0, tab), Field.Store.YES));
    if (columns || kind.equals("fields"))
      for (String part : line.substring(tab + 1).split("\t")) addPart(d, part, columns);
    else d.add(new TextField("text", line.substring(tab + 1), Field.Store.NO));
    return d;
  }

  private static void addLines(IndexWriter writer, String kind, List<String> lines, int from, int step) throws IOException {
    for (int i = from; i < lines.size(); i += step) writer.addDocument(document(kind, lines.get(i)));
  }

  /** Bytes by the ending of the file's name: what kind of data it holds. */
  private static Map<String, Long> sizes(Path dir) throws IOException {
    Map<String, Long> out = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(dir)) {
      for (Path f : files) {
        String name = f.getFileName().toString();
        String kind = name.contains(".") ? name.substring(name.lastIndexOf('.') + 1) : name.replaceAll("_.*", "");
        out.merge(kind, Files.size(f), Long::sum);
      }
    }
    return out;
  }

  private static void index(String kind, int threads, Path text, Path dir) throws Exception {
    List<String> lines = Files.readAllLines(text, StandardCharsets.UTF_8);
    long start = System.nanoTime();
    IndexWriterConfig config = new IndexWriterConfig(analyzer(kind)).setRAMBufferSizeMB(512);
    config.setOpenMode(IndexWriterConfig.OpenMode.CREATE).setUseCompoundFile(false);
    try (MMapDirectory directory = new MMapDirectory(dir); IndexWriter writer = new IndexWriter(directory, config)) {
      ExecutorService pool = Executors.newFixedThreadPool(threads);
      List<Future<?>> parts = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int from = t;
        parts.add(pool.submit(() -> { addLines(writer, kind, lines, from, threads); return null; }));
      }
      for (Future<?> part : parts) part.get();
      pool.shutdown();
      writer.commit();
      double built = (System.nanoTime() - start) / 1e9;
      writer.forceMerge(1);
      writer.commit();
      double merged = (System.nanoTime() - start) / 1e9;
      writer.deleteUnusedFiles();
      Map<String, Long> files = sizes(dir);
      long bytes = files.values().stream().mapToLong(Long::longValue).sum();
      StringBuilder listed = new StringBuilder();
      files.forEach((name, size) -> listed.append(listed.length() == 0 ? "" : ",").append('"').append(name).append("\":").append(size));
      System.out.printf("{\"peer\":\"lucene\",\"version\":\"%s\",\"java\":\"%s\",\"analysis\":\"%s\",\"documents\":%d,"
          + "\"seconds\":%.3f,\"seconds_merged\":%.3f,\"bytes\":%d,\"files\":{%s}}%n", Version.LATEST,
          System.getProperty("java.version"), kind, lines.size(), built, merged, bytes, listed);
    }
  }

  private static List<Query> readQueries(Path path, String kind) throws IOException {
    List<Query> out = new ArrayList<>();
    try (BufferedReader in = Files.newBufferedReader(path)) {
      for (String line; (line = in.readLine()) != null;) {
        String[] halves = line.split("\t", 2);
        if (!halves[0].equals(kind)) continue;
        BooleanClause.Occur occur = kind.equals("OR") ? BooleanClause.Occur.SHOULD : BooleanClause.Occur.MUST;
        BooleanQuery.Builder b = new BooleanQuery.Builder();
        for (String token : halves[1].split(" ")) b.add(new TermQuery(new Term("text", token)), occur);
        out.add(b.build());
      }
    }
    return out;
  }

  private static void search(Path dir, Path queries, int rounds) throws IOException {
    try (MMapDirectory directory = new MMapDirectory(dir); DirectoryReader reader = DirectoryReader.open(directory)) {
      IndexSearcher searcher = new IndexSearcher(reader);
      searcher.setQueryCache(null);
      for (String kind : new String[] {"OR", "AND"}) {
        List<Query> list = readQueries(queries, kind);
        long hits = 0;
        List<Double> all = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
          for (int i = 0; i < list.size(); i++) {
            long t = System.nanoTime();
            hits += searcher.search(list.get(i), new TopScoreDocCollectorManager(10, null, 10)).scoreDocs.length;
            double us = (System.nanoTime() - t) / 1e3;
            if (round >= rounds / 2) all.add(us); /* the first half warms the compiler */
          }
        }
        double[] us = all.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        double mean = Arrays.stream(us).average().orElse(0);
        System.out.printf("{\"peer\":\"lucene\",\"kind\":\"%s\",\"queries\":%d,\"mean_us\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"hits\":%d}%n",
            kind, list.size(), mean, us[us.length / 2], us[(int) (us.length * 0.99)], hits);
      }
    }
  }

  public static void main(String[] a) throws Exception {
    if (a.length == 5 && a[0].equals("index")) index(a[1], Integer.parseInt(a[2]), Path.of(a[3]), Path.of(a[4]));
    else if (a.length == 4 && a[0].equals("search")) search(Path.of(a[1]), Path.of(a[2]), Integer.parseInt(a[3]));
    else {
      System.err.println("usage: Peer index english|tokens|fields|columns THREADS TEXT DIR | Peer search DIR QUERIES ROUNDS");
      System.exit(2);
    }
  }
}
