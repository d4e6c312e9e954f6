"""Small files that want much: python bombs.py BIN

Each is written byte by byte and given to `check --json` and `show --json`, with 2 GiB of address space: no signal, no panic, exit status
0, 1 or 2, an answer within SECONDS of processor time and with at most MEGABYTES resident. Files with a payload must be called dangerous, wherever it hides; the
others must not be. Prints every failure and `N passed, M failed`.
"""

import io
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zipfile

SECONDS, MEGABYTES = 5, 256
SAFE, EVIL, ANY = "not dangerous", "dangerous", "anything"


def text(content):
    return b"X" + struct.pack("<I", len(content)) + content


def name(module, leaf):
    return f"c{module}\n{leaf}\n".encode()


def pid(key, numel):
    return b"(" + text(b"storage") + name("torch", "FloatStorage") + key + text(b"cpu") + b"J" + struct.pack("<i", numel) + b"tQ"


def tensor(key=text(b"0")):
    return name("torch._utils", "_rebuild_tensor_v2") + b"(" + pid(key, 4) + b"K\x00K\x04\x85K\x01\x85\x89}tR"


def archive(members, compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as z:
        for member, data in members:
            z.writestr(member, data)
    return out.getvalue()


def torch(ops):
    return archive([("a/data.pkl", b"\x80\x02" + ops + b"."), ("a/version", b"3\n"), ("a/data/0", bytes(16))])


PAYLOAD = name("os", "system") + text(b"touch /tmp/ckpt-tui-canary/bombs") + b"\x85R"
EVIL_PICKLE = b"\x80\x02" + PAYLOAD + b"."
LIST = b"]q\x01(" + b"N" * 100_000 + b"e0("
DICT = b"}q\x01(" + b"".join(b"J" + struct.pack("<i", i) + b"N" for i in range(100_000)) + b"u0("
LONG = text(b"k" * 1_000_000) + b"q\x010("


def pickles():
    """name, operations, what check may say"""
    yield "state_doubles", name("a", "B") + b")\x81q\x02}q\x00(K\x01NK\x02Nub" + b"h\x00b" * 60, SAFE
    yield "state_shared", DICT + (name("a", "B") + b")\x81h\x01b") * 20_000 + b"t", SAFE
    for call in ("collections OrderedDict", "builtins list", "builtins set", "builtins tuple", "builtins bytes", "torch Size"):
        shared = DICT if call.endswith("OrderedDict") else LIST
        yield "copies_" + call.split()[1], shared + (name(*call.split()) + b"h\x01\x85R") * 20_000 + b"t", SAFE
    yield "copies_defaultdict", DICT + (name("collections", "defaultdict") + b"Nh\x01\x86R") * 20_000 + b"t", SAFE
    yield "copies_arguments", b"(" + b"N" * 100_000 + b"tq\x010(" + (name("torch", "Size") + b"h\x01R") * 20_000 + b"t", SAFE
    yield "copies_text", text("é".encode() * 100_000) + b"q\x010(" + (name("_codecs", "encode") + b"h\x01" + text(b"latin1") + b"\x86R") * 9_000 + b"t", SAFE
    yield "names_made_up", text(b"m" * 4_000) + b"q\x010(" + b"".join(b"h\x01" + text(b"%d" % i) + b"\x93" for i in range(20_000)) + b"t", ANY
    yield "names_long", text(b"m" * 1_000_000) + b"q\x010(" + b"".join(b"h\x01" + text(b"%d" % i) + b"\x93" for i in range(20_000)) + b"t", ANY
    yield "name_again", text(b"m" * 4_000) + b"q\x010(" + b"h\x01h\x01\x930" * 100_000 + b"t", SAFE
    yield "keys_of_storages", text(b"k" * 60_000) + b"q\x010(" + b"".join(pid(b"h\x01", i) for i in range(20_000)) + b"t", SAFE
    yield "ids_of_long_text", LONG + b"h\x01Q" * 100_000 + b"t", SAFE
    yield "key_above_tensors", b"}" + text(b"p" * 1_000_000) + b"}(" + b"".join(text(b"%d" % i) + tensor() for i in range(5_000)) + b"us", SAFE
    yield "keys_above_keys", b"".join(b"}" + text(b"p" * 1_000) for _ in range(900)) + b"}(" + b"".join(text(b"%d" % i) + tensor() for i in range(3_000)) + b"u" + b"s" * 900, SAFE
    yield "views_of_one_storage", b"}(" + b"".join(text(b"%d" % i) + tensor() for i in range(20_000)) + b"u", SAFE
    yield "metadata_of_tensors", DICT + (tensor()[:-2] + b"h\x01tR") * 2_000 + b"t", SAFE
    stream = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02(" + b"N" * 500_000 + b"t.\x80\x02]."
    yield "streams", b"B" + struct.pack("<I", len(stream)) + stream + b"q\x010(" + (name("torch.storage", "_load_from_bytes") + b"h\x01\x85R") * 2_000 + b"t", ANY
    yield "sources", LONG + b"".join(b"(" + text(b"module") + name("a", f"C{i}") + text(b"f") + b"h\x01tQ" for i in range(1_000)) + b"t", SAFE
    yield "many_items", b"]" + b"Na" * 2_000_000, SAFE
    yield "keys_that_are_tuples", b"Nq\x000" + b"h\x00h\x00\x86q\x00" * 60 + b"}h\x00Ns", SAFE
    yield "digits", b"(L" + b"9" * 900_000 + b"L\nt", SAFE
    yield "memo_index", b"Ng" + b"0" * 900_000 + b"\n", SAFE
    yield "payload_in_memo", text(b"os") + b"q\x05" + text(b"x") + b"0" + text(b"system") + b"\x93" + text(b"true") + b"\x85R", EVIL
    yield "payload_after_popped_mark", b"((((1" + PAYLOAD + b"1N", EVIL
    yield "payload_then_rubbish", PAYLOAD + b"\xff\xfe\xfd", EVIL
    yield "payload_in_argument", name("a", "b") + b"(" + PAYLOAD + b"tR", EVIL


def containers():
    """file name, bytes, what check may say"""
    header = lambda text, size=None: struct.pack("<Q", len(text) if size is None else size) + text
    yield "deep.safetensors", header(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), SAFE
    yield "size.safetensors", header(b'{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4]}}') + bytes(4), SAFE
    yield "header.safetensors", header(b"{}", 1 << 62), SAFE
    yield "names.safetensors", header(b'{"a\\u0000b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a\\u202eb":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}') + bytes(8), SAFE
    yield "count.gguf", b"GGUF" + struct.pack("<IQQ", 3, 1 << 62, 1 << 62), SAFE
    yield "string.gguf", b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, (1 << 64) - 1), SAFE
    yield "arrays.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1 << 40) * 5_000, SAFE
    array = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }\n"
    numpy = lambda text, data=b"": b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text + data
    yield "shape.npy", numpy(array % b"999999999999,999999999999,"), SAFE
    yield "nested.npy", numpy(array % (b"(" * 10_000 + b")" * 10_000)), SAFE
    yield "objects.npy", numpy(b"{'shape': (1,),\n 'fortran_order': False, 'descr': '|O'}\n", EVIL_PICKLE), EVIL
    yield "structured.npy", numpy(b"{'shape': (1,), 'fortran_order': False, 'descr': [('a', 'O')]}\n", EVIL_PICKLE), EVIL
    yield "objects.npz", archive([("a.npy", numpy(b"{'shape': (1,), 'fortran_order': False, 'descr': '|O'}\n", EVIL_PICKLE))]), EVIL
    yield "map.msgpack", b"\xdf\xff\xff\xff\xff", SAFE
    yield "nested.msgpack", b"\x81\xa1p" + b"\x91" * 1_000_000, SAFE
    yield "bytes.msgpack", b"\x81\xa1p\xc9\xff\xff\xff\xff\x01" + bytes(16), SAFE
    yield "length.onnx", b"\x08\x08\x12" + b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", SAFE
    yield "graphs.onnx", b"\x08\x08" + b"\x3a\xff\xff\xff\x7f" * 1_000, SAFE
    yield "superblock.h5", b"\x89HDF\r\n\x1a\n" + b"\x00" * 16 + b"\xff" * 200, SAFE
    yield "version2.h5", b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00" + struct.pack("<QQQQ", 0, (1 << 64) - 1, 1 << 60, 48) + bytes(64), SAFE
    yield "legacy.pt", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02" + PAYLOAD + b".\x80\x02].", EVIL
    yield "first_opcode.bin", b"N0" + PAYLOAD + b".", EVIL
    yield "protocol_0.pt", b"I1\n0" + PAYLOAD + b".", EVIL
    yield "second.pkl", b"\x80\x02N." + EVIL_PICKLE, EVIL
    frames = b"B" + struct.pack("<I", 4 + len(EVIL_PICKLE))[:3]
    yield "frame.pkl", b"\x80\x04\x95" + struct.pack("<Q", 4) + frames + struct.pack("<I", 4) + b"abcd" + PAYLOAD + b"0N." + bytes(64), ANY
    plain = [("a/version", b"3\n"), ("a/data.pkl", b"\x80\x02}.")]
    yield "case.pt", archive([*plain, ("a/DATA.PKL", EVIL_PICKLE)]), EVIL
    yield "root_called_data.pt", archive([("data/data.pkl", EVIL_PICKLE[:-1] + b"\xff"), ("data/version", b"3\n")]), EVIL
    yield "deflated.pt", archive([("a/data.pkl", EVIL_PICKLE), ("a/version", b"3\n")], zipfile.ZIP_DEFLATED), EVIL
    yield "hidden.pt", archive([*plain, ("a/notes.txt", EVIL_PICKLE)]), EVIL
    yield "names.pt", archive([*plain, *((f"a/data/{i}\u202e\x1b[2J", b"") for i in range(1_000))]), SAFE
    yield "members.pt", archive([*plain, *((f"a/data/{i}", b"") for i in range(100_000))]), SAFE
    whole = archive([("a/data.pkl", b"\x80\x02}."), ("a/version", b"3\n"), ("a/data/0", bytes(64))])
    yield "prefix.pt", b"#!/bin/sh\nexit\n" + whole, SAFE
    yield "behind.pt", whole + b"\0" * 100_000, SAFE
    yield "twice.pt", whole + archive([("a/data.pkl", EVIL_PICKLE)]), EVIL
    yield "local_name.pt", whole.replace(b"a/data.pkl", b"a/data.pkz", 1), SAFE
    yield "local_size.pt", whole[:18] + b"\xff\xff\xff\x7f" * 2 + whole[26:], SAFE
    at = whole.rindex(b"PK\x05\x06")
    yield "count.pt", whole[: at + 8] + b"\xff\x7f\xff\x7f" + whole[at + 12 :], SAFE
    yield "directory.pt", whole[: at + 12] + b"\xff\xff\xff\xfe" + whole[at + 16 :], SAFE
    yield "zip64.pt", whole[:at] + b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 1 << 60, 45, 45, 0, 0, 1 << 60, 1 << 60, 1 << 60, 1 << 60) + b"PK\x06\x07" + struct.pack("<IQI", 0, at, 1) + whole[at : at + 8] + b"\xff" * 12 + b"\0\0", SAFE


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command):
    """(exit status, standard output, standard error, seconds, MB); a status of None for no answer in time"""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=limits)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
                seconds = usage.ru_utime + usage.ru_stime
                break
            if (seconds := time.monotonic() - start) > 6 * SECONDS:
                process.kill()
                _, _, usage = os.wait4(process.pid, 0)
                process.returncode = -9
                return None, b"", b"", seconds, usage.ru_maxrss / 1024
            time.sleep(0.002)
        out.seek(0)
        err.seek(0)
        return process.returncode, out.read(), err.read(), seconds, usage.ru_maxrss / 1024


def faults(binary, command, path, want):
    code, out, err, seconds, megabytes = run([binary, command, "--json", path])
    if code is None:
        return ["no answer"]
    found = []
    if code not in (0, 1, 2) or b"panicked at" in err:
        found.append(f"exit status {code}: {err[:200]!r}")
    if seconds > SECONDS:
        found.append(f"{seconds:.1f} s")
    if megabytes > MEGABYTES:
        found.append(f"{megabytes:.0f} MB")
    if code in (0, 1):
        answer = json.loads(out)
        if command == "check" and want != ANY:
            status = answer["files"][0]["status"]
            if (status == "dangerous") != (want == EVIL):
                found.append(f"{status}, and expected is {want}: {[f['code'] for f in answer['files'][0]['findings']]}")
    return found


def main():
    binary = os.path.abspath(sys.argv[1])
    files = [(f"{title}.pt", torch(ops), want) for title, ops, want in pickles()] + list(containers())
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for title, content, want in files:
            path = os.path.join(folder, title)
            with open(path, "wb") as f:
                f.write(content)
            for command in ("check", "show"):
                found = faults(binary, command, path, want)
                passed, failed = passed + (not found), failed + bool(found)
                for fault in found:
                    print(f"{command} {title}: {fault}")
            os.remove(path)
    print(f"{len(files)} files: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
