"""Links one generated set with a peer: `peers.py splink|anonlink DIR`. Prints CPU seconds, peak MiB and best one-to-one F1.

The peers get fields that are normalised by the same simple steps (NFKC, hiragana to katakana, digits, western dates); reading
the CSV files and normalising is part of their time, as it is of ours.
"""
import csv
import os
import resource
import sys
import unicodedata

ERAS = {"R": 2018, "H": 1988, "S": 1925, "T": 1911}


def date(text):
    if not text:
        return None
    if text[0] in ERAS:
        y, m, d = text[1:].split(".")
        return "%04d-%02d-%02d" % (ERAS[text[0]] + int(y), int(m), int(d))
    parts = text.replace("/", "-").split("-")
    if len(parts) == 1:
        parts = [text[:4], text[4:6], text[6:]]
    return "%04d-%02d-%02d" % tuple(int(p) for p in parts)


def kana(text):
    text = unicodedata.normalize("NFKC", text)
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゔ" else c for c in text) or None


def rows(path):
    with open(path, encoding="utf-8", newline="") as f:
        for r in csv.DictReader(f):
            fk, gk, fr, gr = (r[k] for k in ("family_kanji", "given_kanji", "family_kana", "given_kana"))
            if not gk and "\u3000" in fk:
                fk, gk = fk.split("\u3000", 1)
            if not gr and "\u3000" in fr:
                fr, gr = fr.split("\u3000", 1)
            digits = "".join(c for c in r["phone"] if c.isdigit())
            number = r["insurer_no"] + "/" + r["insured_symbol"] + "/" + r["insured_number"].lstrip("0")
            yield {
                "unique_id": r["record_id"],
                "family": kana(fr), "given": kana(gr),
                "family_kanji": unicodedata.normalize("NFKC", fk) or None,
                "given_kanji": unicodedata.normalize("NFKC", gk) or None,
                "dob": date(r["birth_date"]), "sex": r["sex"] or None, "postcode": r["postcode"] or None,
                "phone": digits or None, "insurance": number if r["insured_number"] else None,
            }


def best_f1(pairs, folder):
    """`pairs`: (weight, left, right). Greedy one-to-one; the truth is read only here."""
    person = {}
    with open(os.path.join(folder, "truth.csv"), encoding="utf-8") as f:
        for r in csv.DictReader(f):
            person[r["record_id"]] = r["person_id"]
    left = {p for i, p in person.items() if i.startswith("N00")}
    total = sum(1 for i, p in person.items() if i.startswith("N01") and p in left)
    pairs.sort(key=lambda t: (-t[0], t[1], t[2]))
    used, right, wrong, best = set(), 0, 0, 0.0
    for _, a, b in pairs:
        if a in used or b in used:
            continue
        used.update((a, b))
        if person[a] == person[b]:
            right += 1
        else:
            wrong += 1
        precision, recall = right / (right + wrong), right / total
        if right:
            best = max(best, 2 * precision * recall / (precision + recall))
    return best


def splink(left, right):
    import pandas as pd
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    blocks = [block_on("dob", "given"), block_on("dob", "family"), block_on("family", "given"), block_on("phone"),
              block_on("insurance"), block_on("dob", "given_kanji")]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("family", [0.88]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("given", [0.88]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("given_kanji"),
            cl.LevenshteinAtThresholds("dob", [1, 2]),
            cl.ExactMatch("sex"),
            cl.ExactMatch("phone"),
            cl.ExactMatch("insurance"),
            cl.ExactMatch("postcode"),
        ],
        blocking_rules_to_generate_predictions=blocks,
    )
    tables = [pd.DataFrame(left), pd.DataFrame(right)]
    api = DuckDBAPI()
    linker = Linker([api.register(t, dataset_display_name=n) for t, n in zip(tables, ("l", "r"))], settings)
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on("dob", "given", "family")], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    training.estimate_parameters_using_expectation_maximisation(block_on("dob", "given"))
    training.estimate_parameters_using_expectation_maximisation(block_on("phone"))
    frame = linker.inference.predict(threshold_match_weight=-5).as_pandas_dataframe()
    return [(w, min(a, b), max(a, b)) for w, a, b in
            zip(frame["match_weight"], frame["unique_id_l"], frame["unique_id_r"])]


def anonlink(left, right):
    import anonlink as al
    from clkhash import clk
    from clkhash.comparators import NgramComparison
    from clkhash.field_formats import FieldHashingProperties, StringSpec
    from clkhash.schema import Schema
    from clkhash.field_formats import BitsPerFeatureStrategy

    def spec(name, n, bits):
        return StringSpec(name, FieldHashingProperties(comparator=NgramComparison(n), strategy=BitsPerFeatureStrategy(bits)))

    fields = [("family", 2, 100), ("given", 2, 100), ("dob", 2, 100), ("given_kanji", 1, 60), ("postcode", 2, 40)]
    schema = Schema([spec(n, g, b) for n, g, b in fields], 1024)
    encode = lambda side: clk.generate_clks([[r[n] or "" for n, _, _ in fields] for r in side], schema, "secret")
    one, two = encode(left), encode(right)
    # Blocks of equal birth dates or equal names: all pairs of 100,000 x 100,000 would take hours.
    pairs = {}
    for key in (lambda r: r["dob"], lambda r: r["family"] and r["given"] and r["family"] + "|" + r["given"]):
        at = {}
        for j, r in enumerate(right):
            at.setdefault(key(r), []).append(j)
        for i, r in enumerate(left):
            k = key(r)
            for j in at.get(k, ()) if k else ():
                if (i, j) not in pairs:
                    x, y = one[i], two[j]
                    pairs[i, j] = 2.0 * (x & y).count() / max(1, x.count() + y.count())
    return [(w, left[i]["unique_id"], right[j]["unique_id"]) for (i, j), w in pairs.items() if w >= 0.6]


def main():
    peer, folder = sys.argv[1:]
    left = list(rows(os.path.join(folder, "network_00.csv")))
    right = list(rows(os.path.join(folder, "network_01.csv")))
    pairs = {"splink": splink, "anonlink": anonlink}[peer](left, right)
    usage, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = usage.ru_utime + usage.ru_stime + children.ru_utime + children.ru_stime
    print("%.2f %.0f %.4f" % (cpu, usage.ru_maxrss / 1024, best_f1(pairs, folder)))


main()
