"""Two models trained apart as one that looks twice.

  python joined.py FIRST_MODEL SECOND_MODEL JOINED_MODEL

The second is either of kind `ae` and shown the image, or shown the high pass (`network.second`).

Thresholds are those of the first and mean nothing: `aesc calibrate JOINED_MODEL --good DIR` fits them.
"""
import json
import struct
import sys


def read(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    return json.loads(raw[8 : 8 + size]), raw[8 + size :]


(first, first_body), (second, second_body) = read(sys.argv[1]), read(sys.argv[2])
metadata = first.pop("__metadata__")
network, other = (json.loads(m["aesc.network"]) for m in (metadata, second.pop("__metadata__")))
network["second"] = "high-pass" if other.get("input") == "high-pass" else other["kind"]
metadata["aesc.network"] = json.dumps(network)
tensors = [(name, spec, first_body) for name, spec in first.items()]
tensors += [("second." + name, spec, second_body) for name, spec in second.items()]
header, body = {"__metadata__": metadata}, b""
for name, spec, source in sorted(tensors, key=lambda tensor: tensor[0]):
    begin, end = spec["data_offsets"]
    header[name] = {**spec, "data_offsets": [len(body), len(body) + end - begin]}
    body += source[begin:end]
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(sys.argv[3], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + body)
