"""A peer that learns: a linear-chain conditional random field (Lafferty and others 2001) over words, their shapes and
endings, and the words beside them. Wants python-crfsuite of PyPI.

It has no dictionary, no units, no grammar: what it finds is what the annotators' marks teach, their ways of choosing
spans included.
"""
import os
import re
import sys
import tempfile

try:
    import pycrfsuite
except ImportError:
    sys.exit("the peer wants python-crfsuite: pip install python-crfsuite")

TOKEN = re.compile(r"[A-Za-z]+|\d+(?:[.,]\d+)*|\n|[^\sA-Za-z\d]")
BESIDE = 3


def shape(word):
    for kind, sign in (("[A-Z]", "X"), ("[a-z]", "x"), (r"\d", "0")):
        word = re.sub(kind, sign, word)
    return re.sub(r"(.)\1+", r"\1", word)


def features(kind, words):
    lower, shapes = [w.lower() for w in words], [shape(w) for w in words]
    rows = []
    for i in range(len(words)):
        row = ["bias", "kind=" + kind, "begin=" + lower[i][:3], "end=" + lower[i][-4:]]
        for d in range(-BESIDE, BESIDE + 1):
            if not 0 <= i + d < len(words):
                row.append("%d:edge" % d)
                continue
            row.append("%d:word=%s" % (d, lower[i + d]))
            if abs(d) < BESIDE:
                row += ["%d:shape=%s" % (d, shapes[i + d]), "%d:end=%s" % (d, lower[i + d][-3:])]
        row += ["pair=%s|%s" % (lower[i - 1], lower[i])] if i else []
        row += ["pair=|%s|%s" % (lower[i], lower[i + 1])] if i + 1 < len(words) else []
        rows.append(row)
    return rows


class Tagger:
    """Learns spans of some types, then marks them: learn() each text, train() once, spans() of others."""

    def __init__(self, types):
        self.types = types
        self.trainer = pycrfsuite.Trainer(verbose=False)
        self.trainer.set_params({"c1": 0.1, "c2": 0.02, "max_iterations": 120})
        self.tagger = pycrfsuite.Tagger()

    def learn(self, kind, text, gold):
        tokens = list(TOKEN.finditer(text))
        tags = ["O"] * len(tokens)
        for name, begin, end, *_ in sorted(gold, key=lambda g: g[1] - g[2]):  # the inner of two spans counts
            inside = [i for i, t in enumerate(tokens) if t.start() >= begin and t.end() <= end]
            for i in inside:
                tags[i] = ("B-" if i == inside[0] else "I-") + name
        self.trainer.append(features(kind, [t[0] for t in tokens]), tags)

    def train(self):
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(folder, "model")
            self.trainer.train(model)
            self.tagger.open(model)

    def spans(self, kind, text):
        """(type, begin, end) of what is marked in a text."""
        tokens = list(TOKEN.finditer(text))
        found, before = [], "O"
        for token, tag in zip(tokens, self.tagger.tag(features(kind, [t[0] for t in tokens]))):
            if tag[0] == "I" and before[2:] == tag[2:]:
                found[-1] = (*found[-1][:2], token.end())
            elif tag != "O":
                found.append((tag[2:], token.start(), token.end()))
            before = tag
        return found
