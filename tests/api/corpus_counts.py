"""Statistics of a registry, compared with what an obvious Python counts in the same records."""
import collections
import json

FORMATS = {4: "yyyy", 7: "yyyy-MM", 10: "yyyy-MM-dd", 16: "yyyy-MM-dd'T'HH:mm"}


class Counted:
    def __init__(self, records):
        self.n = len(records)
        self.values = collections.defaultdict(collections.Counter)  # studies by path and value
        self.have = collections.Counter()                           # studies by path
        self.numbers = collections.defaultdict(list)
        self.longest = collections.Counter()                        # characters by path
        self.sizes = collections.defaultdict(collections.Counter)   # studies by path and length
        self.bytes = sorted((len(r) for r in records), reverse=True)
        for record in records:
            self.add(json.loads(record))

    def add(self, study):
        leaves, lengths = collections.defaultdict(list), collections.defaultdict(set)
        gather(study, "", leaves, lengths)
        for path, found in leaves.items():
            self.have[path] += 1
            self.values[path].update(set(found))
            for value in found:
                if isinstance(value, str):
                    self.longest[path] = max(self.longest[path], len(value))
                elif not isinstance(value, bool):
                    self.numbers[path].append(value)
        for path, found in lengths.items():
            self.sizes[path].update(found)


def gather(value, path, leaves, lengths):
    if path.endswith("geoPoint"):
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            gather(inner, path + "." + key if path else key, leaves, lengths)
    elif isinstance(value, list):
        if value:
            lengths[path].add(len(value))
        for inner in value:
            gather(inner, path, leaves, lengths)
    else:
        leaves[path].append(value)


def wrong_values(got, counted):
    """What is wrong with the statistics of one field; None when nothing is."""
    path = got["field"]
    values, numbers = counted.values[path], counted.numbers[path]
    if got["missingStudiesCount"] != counted.n - counted.have[path]:
        return "missing"
    if got["type"] in ("ENUM", "STRING"):
        if got["uniqueValuesCount"] != len(values):
            return "uniqueValuesCount"
        top = got.get("topValues", [])
        if [t["studiesCount"] for t in top] != sorted(values.values(), reverse=True)[:250]:
            return "counts of topValues"
        if any(values[t["value"]] != t["studiesCount"] for t in top):
            return "topValues"
        longest = got.get("longest", {"length": 0, "value": ""})
        if got["type"] == "STRING" and not longest["length"] == len(longest["value"]) == counted.longest[path]:
            return "longest"
    elif got["type"] == "BOOLEAN":
        return None if (got["trueCount"], got["falseCount"]) == (values[True], values[False]) else "counts"
    elif got["type"] == "DATE" and values:
        formats = [FORMATS[n] for n in sorted({len(v) for v in values})]
        if (got["min"], got["max"], got["formats"]) != (min(values), max(values), formats):
            return "dates"
    elif numbers:
        mean = sum(numbers) / len(numbers)
        if (got["min"], got["max"]) != (min(numbers), max(numbers)) or abs(got["avg"] - mean) > 1e-6 * abs(mean):
            return "numbers"
    return None


def wrong_sizes(got, counted):
    sizes = counted.sizes[got["field"]]
    if got["uniqueSizesCount"] != len(sizes):
        return "uniqueSizesCount"
    if sizes and (got["minSize"], got["maxSize"]) != (min(sizes), max(sizes)):
        return "minSize, maxSize"
    top = {t["size"]: t["studiesCount"] for t in got.get("topSizes", [])}
    return None if len(sizes) > 250 or top == dict(sizes) else "topSizes"


def check(get, records, tally):
    """get(target) gives a body; tally(name, problem) takes each result."""
    counted = Counted(records)
    fields = json.loads(get("/api/v2/stats/field/values"))
    derived = {f["path"] for f in indexed_only(json.loads(get("/api/v2/studies/metadata?includeIndexedOnly=true")))}
    for field in fields:
        if field["field"] not in derived:
            tally("statistics of " + field["field"], wrong_values(field, counted))
    missed = set(counted.values) - {f["field"] for f in fields}
    tally("every leaf is counted", "not: %s" % missed if missed else None)
    one = json.loads(get("/api/v2/stats/fieldValues/Phase"))
    tally("a field by its name is the same object", None if one in fields else "%r" % one)
    lists = json.loads(get("/api/v2/stats/field/sizes"))
    for field in lists:
        tally("lengths of " + field["field"], wrong_sizes(field, counted))
    missed = set(counted.sizes) - {f["field"] for f in lists}
    tally("every list is counted", "not: %s" % missed if missed else None)
    size = json.loads(get("/api/v2/stats/size"))
    right = (size["totalStudies"] == counted.n and size["averageSizeBytes"] == sum(counted.bytes) // counted.n
             and [s["sizeBytes"] for s in size["largestStudies"]] == counted.bytes[:10]
             and sum(r["studiesCount"] for r in size["ranges"]) == counted.n)
    tally("sizes of studies", None if right else "%r" % size)


def indexed_only(nodes, prefix=""):
    for node in nodes:
        path = prefix + node["name"]
        if node.get("indexedOnly"):
            yield {"path": path}
        yield from indexed_only(node.get("children", []), path + ".")
