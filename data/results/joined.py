"""Looks of models that were trained apart as one model.

  python joined.py FIRST_MODEL SECOND_MODEL JOINED_MODEL [SEGMENT_MODEL]

The first look is that of FIRST_MODEL. The second is that of SECOND_MODEL where it looks twice, else
its only one, of kind `ae` and shown the image, or shown the high pass; `-` leaves it out. The look that
segments is that of SEGMENT_MODEL.

Thresholds are those of the first and mean nothing: `aesc calibrate JOINED_MODEL --good DIR` fits them.
"""
import json
import struct
import sys


def read(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    metadata = header.pop("__metadata__")
    return header, raw[8 + size :], metadata


def others(name):
    return name.startswith(("second.", "segment."))


def look(path, prefix):
    """The tensors of a look under its prefix, and the network they are of."""
    header, body, metadata = read(path)
    own = [(name, spec, body) for name, spec in header.items() if name.startswith(prefix)]
    if not own:
        own = [(prefix + name, spec, body) for name, spec in header.items() if not others(name)]
    return own, json.loads(metadata["aesc.network"])


(first, second, joined), segment = sys.argv[1:4], sys.argv[4:]
header, body, metadata = read(first)
network = json.loads(metadata["aesc.network"])
network.pop("second", None)
network.pop("segment", None)
tensors = [(name, spec, body) for name, spec in header.items() if not others(name)]
if second != "-":
    own, other = look(second, "second.")
    alone = "high-pass" if other.get("input") == "high-pass" else other["kind"]
    network["second"] = other.get("second", alone)
    tensors += own
for path in segment:
    own, other = look(path, "segment.")
    network["segment"] = other["segment"]
    tensors += own
metadata["aesc.network"] = json.dumps(network)
header, body = {"__metadata__": metadata}, b""
for name, spec, source in sorted(tensors, key=lambda tensor: tensor[0]):
    begin, end = spec["data_offsets"]
    header[name] = {**spec, "data_offsets": [len(body), len(body) + end - begin]}
    body += source[begin:end]
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(joined, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + body)
