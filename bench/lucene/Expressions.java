import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.DoublePoint;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.LatLonPoint;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.ConstantScoreQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopFieldCollectorManager;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.QueryBuilder;

/**
 * The peer of bench/expressions: counts and the ten newest of the same expressions, without scores.
 *
 * index FILE DIR            lines of parts "kind name value" behind tabs: t text, k keyword, n number, p "lat,lon";
 *                           the first part is the study's number. Merged to one segment.
 * search DIR FILE ROUNDS    an expression a line, operands before operators, parts behind tabs: "text FIELD WORDS" (a phrase
 *                           when several), "is FIELD VALUE", "range FIELD LOW HIGH", "near LAT LON METRES", "and N", "or N",
 *                           "not" (the first of two without the second). Prints microseconds and the count, a JSON line each.
 */
public final class Expressions {
  private static final Analyzer ANALYZER = new EnglishAnalyzer();

  private static void addPart(Document d, String part) {
    String[] f = part.split(" ", 3);
    switch (f[0]) {
      case "t" -> d.add(new TextField(f[1], f[2], Field.Store.NO));
      case "k" -> d.add(new StringField(f[1], f[2], Field.Store.NO));
      case "n" -> d.add(new DoublePoint(f[1], Double.parseDouble(f[2])));
      default -> {
        String[] point = f[2].split(",");
        d.add(new LatLonPoint(f[1], Double.parseDouble(point[0]), Double.parseDouble(point[1])));
      }
    }
  }

  private static void index(Path file, Path dir) throws IOException {
    IndexWriterConfig config = new IndexWriterConfig(ANALYZER).setRAMBufferSizeMB(512);
    config.setOpenMode(IndexWriterConfig.OpenMode.CREATE);
    try (MMapDirectory directory = new MMapDirectory(dir); IndexWriter writer = new IndexWriter(directory, config);
        BufferedReader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      for (String line; (line = in.readLine()) != null;) {
        String[] parts = line.split("\t");
        Document d = new Document();
        d.add(new NumericDocValuesField("nct", Long.parseLong(parts[0])));
        for (int i = 1; i < parts.length; i++) addPart(d, parts[i]);
        writer.addDocument(d);
      }
      writer.forceMerge(1);
      writer.commit();
    }
  }

  private static Query join(Deque<Query> stack, int n, Occur occur) {
    BooleanQuery.Builder b = new BooleanQuery.Builder();
    for (int i = 0; i < n; i++) b.add(stack.pop(), occur);
    return b.build();
  }

  private static Query parse(String line, QueryBuilder builder) {
    Deque<Query> stack = new ArrayDeque<>();
    for (String part : line.split("\t")) {
      String[] f = part.split(" ", 3);
      switch (f[0]) {
        case "text" -> stack.push(builder.createPhraseQuery(f[1], f[2]));
        case "is" -> stack.push(new TermQuery(new Term(f[1], f[2])));
        case "range" -> {
          String[] ends = f[2].split(" ");
          stack.push(DoublePoint.newRangeQuery(f[1], Double.parseDouble(ends[0]), Double.parseDouble(ends[1])));
        }
        case "near" -> {
          String[] rest = f[2].split(" ");
          stack.push(LatLonPoint.newDistanceQuery("point", Double.parseDouble(f[1]), Double.parseDouble(rest[0]), Double.parseDouble(rest[1])));
        }
        case "and" -> stack.push(join(stack, Integer.parseInt(f[1]), Occur.MUST));
        case "or" -> stack.push(join(stack, Integer.parseInt(f[1]), Occur.SHOULD));
        default -> {
          Query without = stack.pop();
          stack.push(new BooleanQuery.Builder().add(stack.pop(), Occur.MUST).add(without, Occur.MUST_NOT).build());
        }
      }
    }
    return new ConstantScoreQuery(stack.pop());
  }

  private static void search(Path dir, Path file, int rounds) throws IOException {
    Sort newest = new Sort(new SortField("nct", SortField.Type.LONG, true));
    String[] lines = Files.readAllLines(file).toArray(new String[0]);
    double[][] us = new double[lines.length][rounds];
    long[] totals = new long[lines.length];
    QueryBuilder builder = new QueryBuilder(ANALYZER);
    try (MMapDirectory directory = new MMapDirectory(dir); DirectoryReader reader = DirectoryReader.open(directory)) {
      IndexSearcher searcher = new IndexSearcher(reader);
      searcher.setQueryCache(null);
      for (int round = 0; round < 2 * rounds; round++) { /* the first half warms the compiler */
        for (int i = 0; i < lines.length; i++) {
          long t = System.nanoTime();
          totals[i] = searcher.search(parse(lines[i], builder), new TopFieldCollectorManager(newest, 10, null, Integer.MAX_VALUE)).totalHits.value();
          us[i][round % rounds] = (System.nanoTime() - t) / 1e3;
        }
      }
    }
    for (int i = 0; i < lines.length; i++) {
      Arrays.sort(us[i]);
      System.out.printf("{\"line\":%d,\"us\":%.2f,\"total\":%d}%n", i + 1, us[i][rounds / 2], totals[i]);
    }
  }

  public static void main(String[] a) throws Exception {
    if (a.length == 3 && a[0].equals("index")) index(Path.of(a[1]), Path.of(a[2]));
    else if (a.length == 4 && a[0].equals("search")) search(Path.of(a[1]), Path.of(a[2]), Integer.parseInt(a[3]));
    else {
      System.err.println("usage: Expressions index FILE DIR | Expressions search DIR FILE ROUNDS");
      System.exit(2);
    }
  }
}
