//! Files that want more than they hold, and files that show one thing to one reader and another to the next.

use std::path::Path;
use std::sync::Arc;

use ckpt_tui::check::{Options, Report, Verdict, check};
use ckpt_tui::checkpoint::Checkpoint;
use ckpt_tui::error::Result;
use ckpt_tui::format;
use ckpt_tui::limits::Limits;
use ckpt_tui::value::json::{Budget, Json};
use ckpt_tui::work::Work;

use crate::containers::zip_of;

fn text(content: &[u8]) -> Vec<u8> {
    [b"X", &(content.len() as u32).to_le_bytes()[..], content].concat()
}

fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

/// A pickle of protocol 2 of these parts.
fn pickle(parts: &[&[u8]]) -> Vec<u8> {
    [b"\x80\x02", parts.concat().as_slice(), b"."].concat()
}

fn open(bytes: &[u8]) -> Result<Checkpoint> {
    format::open_source(Path::new("hostile.pkl"), Arc::new(bytes.to_vec()), None, &Limits::default())
}

fn checked(name: &str, bytes: &[u8]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    check(&path, &Options::default(), &Work::default()).unwrap()
}

fn code(result: Result<Checkpoint>) -> &'static str {
    result.err().map_or("opened", |error| error.code())
}

/// `os.system("…")`, called.
fn payload() -> Vec<u8> {
    [global("os", "system"), text(b"touch x"), b"\x85R".to_vec()].concat()
}

#[test]
fn a_state_that_is_set_on_itself_does_not_double() {
    let start = [global("a", "B"), b")\x81q\x02}q\x00(K\x01NK\x02Nub".to_vec()].concat();
    assert_eq!(code(open(&pickle(&[&start, &b"h\x00b".repeat(40)]))), "PICKLE_BUDGET");
}

#[test]
fn calls_copy_no_more_than_the_pickle_holds() {
    let list = [b"]q\x01(".as_slice(), &b"N".repeat(20_000), b"e0("].concat();
    let mapping = [b"}q\x01(".as_slice(), &b"K\x01N".repeat(20_000), b"u0("].concat();
    for (shared, call) in [
        (&list, [global("builtins", "list"), b"h\x01\x85R".to_vec()].concat()),
        (&list, [global("torch", "Size"), b"h\x01\x85R".to_vec()].concat()),
        (&mapping, [global("collections", "OrderedDict"), b"h\x01\x85R".to_vec()].concat()),
        (&mapping, [global("collections", "defaultdict"), b"Nh\x01\x86R".to_vec()].concat()),
        (
            &mapping,
            [
                global("copyreg", "_reconstructor"),
                global("x", "D"),
                global("__builtin__", "dict"),
                b"h\x01\x87R".to_vec(),
            ]
            .concat(),
        ),
    ] {
        let bytes = pickle(&[shared, &call.repeat(2_000), b"t"]);
        let opened = open(&bytes).unwrap();
        let most = 200 * bytes.len() + (8 << 20);
        assert!(opened.tree().memory() < most, "{} bytes for {}", opened.tree().memory(), bytes.len());
    }
}

#[test]
fn names_of_parts_kept_in_the_memo_are_bounded() {
    let names = |module: &[u8], count: u32| {
        let each: Vec<u8> = (0..count)
            .flat_map(|i| [b"h\x01".to_vec(), text(i.to_string().as_bytes()), b"\x93".to_vec()].concat())
            .collect();
        pickle(&[&text(module), b"q\x010(", &each, b"t"])
    };
    assert_eq!(code(open(&names(&vec![b'm'; 100_000], 10))), "PICKLE_GLOBAL");
    assert_eq!(code(open(&names(&[b'm'; 4_000], 5_000))), "PICKLE_BUDGET");
    assert_eq!(code(open(&names(b"torch", 5_000))), "opened");
}

#[test]
fn a_long_key_above_many_tensors_is_not_written_out_for_each() {
    let tensor = |key: u32| {
        let id = [
            b"(".to_vec(),
            text(b"storage"),
            global("torch", "FloatStorage"),
            text(b"0"),
            text(b"cpu"),
            b"K\x04tQ".to_vec(),
        ];
        let rest = b"K\x00K\x04\x85K\x01\x85\x89}tR".to_vec();
        [
            text(key.to_string().as_bytes()),
            global("torch._utils", "_rebuild_tensor_v2"),
            b"(".to_vec(),
            id.concat(),
            rest,
        ]
        .concat()
    };
    let tensors: Vec<u8> = (0..1_000).flat_map(tensor).collect();
    let opened = open(&pickle(&[b"}", &text(&vec![b'p'; 1_000_000]), b"}(", &tensors, b"us"])).unwrap();
    assert!((10..200).contains(&opened.tensors().len()), "{}", opened.tensors().len());
    assert!(opened.diagnostics().iter().any(|d| d.code == "LIMIT"));
}

#[test]
fn json_of_a_text_that_is_shared_ends() {
    let bytes = pickle(&[&text(&vec![b'1'; 1_000_000]), b"q\x010(", &b"h\x01".repeat(100_000), b"t"]);
    let opened = open(&bytes).unwrap();
    let budget = Budget::default();
    let json = Json::new(opened.tree(), opened.tree().root(), &opened, &budget);
    let written = serde_json::to_vec(&json).unwrap();
    assert!((1_000_000..100_000_000).contains(&written.len()), "{}", written.len());
    assert!(written.windows(10).any(|w| w == b"\"$omitted\""));
}

#[test]
fn what_either_unpickler_makes_of_a_frame_is_told() {
    // The C unpickler drops what is left of a frame when an instruction needs more: the length of the bytes
    // object is then read from behind the frame, and with it where the next instruction is.
    let hidden = [payload(), b"0N.".to_vec()].concat();
    let behind = [&4_u32.to_le_bytes()[..], b"abcd", &hidden].concat();
    let length = [behind.len() as u32].map(u32::to_le_bytes).concat();
    let bytes = [b"\x80\x04\x95\x05\0\0\0\0\0\0\0NB".as_slice(), &length[..3], &behind, b"N."].concat();
    let report = checked("frame.pkl", &bytes);
    assert!(report.globals.iter().any(|g| g.name == "os.system"), "{report:?}");
    assert_eq!(report.verdict, Verdict::Dangerous);
}

#[test]
fn a_payload_is_found_wherever_a_reader_would_meet_it() {
    let evil = pickle(&[&payload()]);
    let broken = pickle(&[&payload(), b"\xff"]);
    let plain = pickle(&[b"}"]);
    let header = b"{'fortran_order': False, 'shape': (1,),\n 'descr': '|O', }\n";
    let array = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header, &evil].concat();
    for (name, bytes) in [
        // The root of an archive may be called as the folder of storages is.
        ("root.pt", zip_of(&[("data/data.pkl", broken.clone()), ("data/version", b"3\n".to_vec())])),
        ("broken.pt", zip_of(&[("a/data.pkl", broken), ("a/version", b"3\n".to_vec())])),
        // torch does not tell case apart.
        ("case.pt", zip_of(&[("a/DATA.pkl", evil.clone()), ("a/version", b"3\n".to_vec())])),
        (
            "twin.pt",
            zip_of(&[("a/data.pkl", plain), ("a/Data.pkl", evil.clone()), ("a/version", b"3\n".to_vec())]),
        ),
        ("lines.npy", array),
        // Any instruction may be the first.
        ("first.bin", [b"N0".as_slice(), &payload(), b"."].concat()),
        ("mark.pt", [b"(0".as_slice(), &evil[2..]].concat()),
        ("proto1.pt", [b"I1\n0".as_slice(), &evil[2..]].concat()),
    ] {
        let report = checked(name, &bytes);
        assert_eq!(report.verdict, Verdict::Dangerous, "{name}: {report:?}");
        assert!(report.globals.iter().any(|g| g.name == "os.system"), "{name}: {report:?}");
    }
}

#[test]
fn members_that_differ_in_case_are_told() {
    let plain = pickle(&[b"}"]);
    let bytes =
        zip_of(&[("a/data.pkl", plain.clone()), ("a/DATA.pkl", plain), ("a/version", b"3\n".to_vec())]);
    let report = checked("twin.pt", &bytes);
    assert!(report.findings.iter().any(|f| f.code == "ZIP_DUPLICATE"), "{report:?}");
}

#[test]
fn packages_may_be_allowed_and_what_runs_code_may_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("enum.pkl");
    let options = |package: &str| Options { allowed: vec![package.to_owned()], ..Options::default() };
    std::fs::write(&path, pickle(&[&global("mymodel.config", "Mode"), b"K\x01\x85R"])).unwrap();
    let look = |options: &Options| check(&path, options, &Work::default()).unwrap().verdict;
    assert_eq!(look(&Options::default()), Verdict::Dangerous);
    assert_eq!(look(&options("mymodel")), Verdict::Ok);
    assert_eq!(look(&options("my")), Verdict::Dangerous);
    std::fs::write(&path, pickle(&[&payload()])).unwrap();
    assert_eq!(look(&options("os")), Verdict::Dangerous);
}
