#!/usr/bin/env python3
"""Scores the reader of eligibility criteria against public gold.

    bench/criteria/score.py parser DATA     Clinical-Trial-Parser: its input and what it expects
    bench/criteria/score.py chia DATA [dev|test]   Chia: values and measurements; halves by NCT number
    bench/criteria/score.py words DATA      disagreements with the first, one a line

DATA is the directory that holds clinical-trial-parser/ and chia-700.zip (docs/internals/eligibility.md).
TRIALHEAD names the binary; build/trialhead unless set.
"""
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict

BINARY = os.environ.get("TRIALHEAD", "build/trialhead")

# Their variables, and those of ours that say the same.
VARIABLES = {
    "a1c": ["hba1c"], "alt": ["alt", "transaminases"], "anc": ["anc"], "ast": ["ast", "transaminases"],
    "ast/alt": ["ast", "alt", "transaminases"], "bal": ["albumin"], "c_reactive_protein_level": ["crp", "hscrp"],
    "body_temperature": ["temperature"], "calculated_creatinine_clearance": ["crcl"], "calcium_level": ["calcium"],
    "cps": ["child_pugh"], "cqt": ["qtc", "qt"], "creatinine_level": ["creatinine", "crcl"], "d_dimer_level": ["d_dimer"],
    "dbp": ["diastolic"], "fasting_blood_sugar_level": ["fasting_glucose", "glucose"],
    "fasting_triglyceride_level": ["triglycerides"], "ferritin_level": ["ferritin"],
    "glomerular_filtration_rate": ["egfr"], "gleason_score": ["gleason"], "hb_count": ["hemoglobin"],
    "karnofsky_score": ["karnofsky", "lansky"], "lactate_dehydrogenase_level": ["ldh"], "ldl_cholesterol": ["ldl"],
    "hdl_cholesterol": ["hdl"], "lfts": ["transaminases"], "lymphocyte_count": ["lymphocytes"],
    "magnesium_level": ["magnesium"], "news2_score": ["news"], "pf_ratio": ["pao2_fio2"], "platelet_count": ["platelets"],
    "po2": ["pao2"], "potassium_level": ["potassium"], "psa_level": ["psa"], "sbp": ["systolic"],
    "sbp/dbp": ["systolic", "diastolic", "blood_pressure"], "testosterone_level": ["testosterone"],
    "total_bilirubin_level": ["bilirubin"], "total_cholesterol": ["cholesterol"], "triglyceride_level": ["triglycerides"],
    "troponin_level": ["troponin"], "tumor_size": ["tumor_size"], "lesion_size": ["tumor_size"], "waist_circumference": ["waist"],
}


def read(text):
    out = subprocess.run([BINARY, "eligibility", "--json", "--file", "-"], input=text.encode(), stdout=subprocess.PIPE, check=True)
    return json.loads(out.stdout)


def leaves(items):
    for item in items:
        if item["items"]:
            yield from leaves(item["items"])
        else:
            yield item


def numbers(fact):
    return [v for v in (fact["value"], fact["high"]) if v is not None]


def score_parser(folder, words):
    folder = os.path.join(folder, "clinical-trial-parser")
    with open(os.path.join(folder, "clinical_trials.csv"), encoding="utf-8") as f:
        texts = {row["#nct_id"]: row["eligibility_criteria"] for row in csv.DictReader(f)}
    with open(os.path.join(folder, "cfg_parsed_clinical_trials.tsv"), encoding="utf-8") as f:
        rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    facts = {nct: [f for leaf in leaves(read(text)["criteria"]) for f in leaf["facts"] if f["type"] == "numeric"]
             for nct, text in texts.items()}
    found, missed, seen = 0, [], defaultdict(lambda: [0, 0])
    for row in rows:
        nct = row["#nct_id"]
        relation = json.loads(row["relation"])
        ours = VARIABLES.get(relation["name"], [relation["name"]])
        values = []
        for side in ("lower", "upper"):
            if side in relation:
                values.append(relation[side]["value"])
        values += relation.get("value", [])
        want = []
        for v in values:
            text = v.replace(",", "")
            want.append({float(text), float(text.replace(".", "")) if re.fullmatch(r"\d{1,3}\.\d{3}", text) else float(text)})
        hit = False
        for f in facts.get(nct, []):
            if f["attribute"] not in ours:
                continue
            have = numbers(f)
            scale = f["value"] is not None and f["high"] is not None
            in_range = scale and all(any(f["value"] <= x <= f["high"] for x in w) for w in want)
            if in_range or all(any(abs(x - h) < 1e-9 for x in w for h in have) for w in want):
                hit = True
                break
            low, high = (f["canonical"] or {}).get("low"), (f["canonical"] or {}).get("high")
            if f["canonical"] and all(any((low is None or low <= x) and (high is None or x <= high) for x in w) for w in want) \
                    and relation["variableType"] == "ordinal":
                hit = True
                break
        seen[relation["name"]][0] += 1
        seen[relation["name"]][1] += hit
        found += hit
        if not hit:
            missed.append((nct, relation["name"], values, row["criterion"]))
    print("Clinical-Trial-Parser: %d of %d expected relations found (%.3f)" % (found, len(rows), found / len(rows)))
    print("numeric facts of ours in the same texts: %d" % sum(len(v) for v in facts.values()))
    if words:
        for nct, name, values, text in missed:
            print("%s\t%s\t%s\t%s" % (nct, name, ",".join(values), text))


def entities(ann):
    out = []
    for line in ann.split("\n"):
        m = re.match(r"T\d+\t(\S+) ([\d; ]+)\t", line)
        if m:
            spans = [tuple(map(int, part.split())) for part in m[2].split(";")]
            out.append((m[1], spans[0][0], spans[-1][1]))
    return out


def score_chia(folder, half):
    """Of Chia's Value and Measurement spans, how many does a numeric fact of ours overlap; and of our
    facts, how many overlap one of Chia's Value, Temporal or Measurement spans. Age values count as Chia has
    them (a Value beside a Person mention)."""
    gold = {"Value": [0, 0], "Measurement": [0, 0]}
    ours = hits = 0
    with zipfile.ZipFile(os.path.join(folder, "chia-700.zip")) as archive:
        names = sorted(n for n in archive.namelist() if n.endswith(".ann"))
        for name in names:
            number = int(re.search(r"NCT(\d+)", name)[1])
            if (number % 2 == 0) != (half == "dev"):
                continue
            text = archive.read(name[:-4] + ".txt").decode()
            ann = entities(archive.read(name).decode())
            tree = read(text)
            at = [0]
            for ch in text:
                at.append(at[-1] + len(ch.encode()))
            spans = [f["span"] for leaf in leaves(tree["criteria"]) for f in leaf["facts"] if f["type"] == "numeric"]
            measured = [f["span"] for leaf in leaves(tree["criteria"]) for f in leaf["facts"]
                        if f["type"] == "numeric" and f["attribute"] != "age"]
            for kind, a, b in ann:
                if kind not in gold:
                    continue
                a, b = at[min(a, len(text))], at[min(b, len(text))]
                number_inside = re.search(rb"\d", text.encode()[a:b])
                if kind == "Value" and not number_inside:
                    continue
                use = spans if kind == "Value" else measured
                near = any(x < b and a < y for x, y in use)
                if kind == "Measurement" and not any(k == "Value" and abs(c - b) < 60 for k, c, d in
                                                     [(k, at[min(c, len(text))], at[min(d, len(text))]) for k, c, d in ann]):
                    continue
                gold[kind][0] += 1
                gold[kind][1] += near
            good = [(at[min(a, len(text))], at[min(b, len(text))]) for k, a, b in ann if k in ("Value", "Temporal", "Measurement", "Multiplier")]
            for x, y in spans:
                ours += 1
                hits += any(a < y and x < b for a, b in good)
    for kind, (n, k) in gold.items():
        print("Chia %s, %s with a number: %d of %d overlapped by a numeric fact (%.3f)" % (half, kind, k, n, k / max(n, 1)))
    print("Chia %s, numeric facts: %d of %d overlap a Value, Temporal, Multiplier or Measurement (%.3f)" % (half, hits, ours, hits / max(ours, 1)))


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("parser", "chia", "words"):
        sys.exit(__doc__)
    if sys.argv[1] == "chia":
        score_chia(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "test")
    else:
        score_parser(sys.argv[2], sys.argv[1] == "words")


if __name__ == "__main__":
    main()
