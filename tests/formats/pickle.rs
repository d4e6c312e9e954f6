//! The pickle machine, opcode by opcode: bytes in, JSON of the value (or the kind of error) out.

use std::sync::Arc;

use ckpt_tui::error::{ErrorKind, Result};
use ckpt_tui::limits::Limits;
use ckpt_tui::pickle::{self, NoHost};
use ckpt_tui::tensor::TensorId;
use ckpt_tui::value::view::Leaf;
use ckpt_tui::value::{Tree, json};
use proptest::prelude::*;

struct NoNames;

impl json::TensorNames for NoNames {
    fn path(&self, _: TensorId) -> Option<&str> {
        None
    }

    fn scalar(&self, _: TensorId) -> Option<Leaf> {
        None
    }
}

fn read(bytes: &[u8]) -> Result<(Tree, usize)> {
    let input: Arc<[u8]> = bytes.into();
    let mut tree = Tree::new(input.clone());
    let read = pickle::read(&mut tree, &mut NoHost, &input, 0, 0, &Limits::default())?;
    tree.set_root(read.value);
    tree.drop_duplicate_keys();
    Ok((tree, read.end))
}

fn shown(bytes: &[u8]) -> String {
    match read(bytes) {
        Ok((tree, _)) => json::with_json(&tree, tree.root(), &NoNames, |j| serde_json::to_string(j).unwrap()),
        Err(e) => format!("{:?}", e.kind()),
    }
}

#[test]
fn values_and_containers() {
    for (bytes, want) in [
        (&b"N."[..], "null"),
        (b"\x80\x02\x88.", "true"),
        (b"\x89.", "false"),
        (b"I01\n.", "true"),
        (b"I-7\n.", "-7"),
        (b"I0x10\n.", "16"),
        (b"K\xff.", "255"),
        (b"M\x01\x02.", "513"),
        (b"J\xff\xff\xff\xff.", "-1"),
        (b"L12L\n.", "12"),
        (b"\x8a\x02\xff\x00.", "255"),
        (b"\x8a\x00.", "0"),
        (b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", "\"18446744073709551616\""),
        (b"\x8b\x01\x00\x00\x00\x05.", "5"),
        (b"F1.5\n.", "1.5"),
        (b"G\x3f\xf8\x00\x00\x00\x00\x00\x00.", "1.5"),
        (b"Fnan\n.", "null"),
        (b"S'a\\x41'\n.", "\"aA\""),
        (b"U\x01a.", "\"a\""),
        (b"U\x01\xe9.", "\"\u{e9}\""),
        (b"T\x01\x00\x00\x00a.", "\"a\""),
        (b"Va\\u00e9\n.", "\"a\u{e9}\""),
        (b"X\x02\x00\x00\x00\xc3\xa9.", "\"\u{e9}\""),
        (b"\x8c\x01a.", "\"a\""),
        (b"\x8d\x01\x00\x00\x00\x00\x00\x00\x00a.", "\"a\""),
        (b"B\x01\x00\x00\x00\xff.", "{\"$bytes\":1,\"head\":\"ff\"}"),
        (b"C\x01\xff.", "{\"$bytes\":1,\"head\":\"ff\"}"),
        (b"\x8e\x01\x00\x00\x00\x00\x00\x00\x00\xff.", "{\"$bytes\":1,\"head\":\"ff\"}"),
        (b"\x96\x01\x00\x00\x00\x00\x00\x00\x00\xff.", "{\"$bytes\":1,\"head\":\"ff\"}"),
        (b").", "[]"),
        (b"].", "[]"),
        (b"}.", "{}"),
        (b"\x8f.", "[]"),
        (b"K\x01\x85.", "[1]"),
        (b"K\x01K\x02\x86.", "[1,2]"),
        (b"K\x01K\x02K\x03\x87.", "[1,2,3]"),
        (b"(K\x01K\x02t.", "[1,2]"),
        (b"(K\x01l.", "[1]"),
        (b"(U\x01aK\x01d.", "{\"a\":1}"),
        (b"}U\x01aK\x01s.", "{\"a\":1}"),
        (b"}(U\x01aK\x01U\x01bK\x02u.", "{\"a\":1,\"b\":2}"),
        (b"}(U\x01aK\x01U\x01aK\x02u.", "{\"a\":2}"),
        (b"]K\x01a.", "[1]"),
        (b"](K\x01K\x02e.", "[1,2]"),
        (b"\x8f(K\x01\x90.", "[1]"),
        (b"(K\x01\x91.", "[1]"),
        (b"\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00N.", "null"),
    ] {
        assert_eq!(shown(bytes), want, "{}", bytes.escape_ascii());
    }
}

#[test]
fn stack_and_memo() {
    for (bytes, want) in [
        (&b"K\x01K\x020."[..], "1"),
        (b"K\x01(K\x02K\x031.", "1"),
        (b"K\x01(0.", "1"),
        (b"K\x012\x86.", "[1,1]"),
        (b"K\x05q\x000h\x00.", "5"),
        (b"K\x05r\x00\x01\x00\x000j\x00\x01\x00\x00.", "5"),
        (b"K\x05p7\n0g7\n.", "5"),
        (b"K\x05\x940h\x00.", "5"),
        (b"]q\x00h\x00a.", "[{\"$cycle\":true}]"),
    ] {
        assert_eq!(shown(bytes), want, "{}", bytes.escape_ascii());
    }
}

#[test]
fn objects_are_named_and_never_made() {
    for (bytes, want) in [
        (&b"cos\nsystem\n."[..], "\"os.system\""),
        (b"cos\nsystem\nU\x02ls\x85R.", "\"os.system('ls')\""),
        (b"(U\x02lsios\nsystem\n.", "\"os.system('ls')\""),
        (b"(cos\nsystem\nU\x02lso.", "\"os.system('ls')\""),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "\"os.system\""),
        (b"\x80\x02c__builtin__\nset\n]K\x01a\x85R.", "[1]"),
        (
            b"\x80\x02c_codecs\nencode\nX\x02\x00\x00\x00\xc3\xbfX\x06\x00\x00\x00latin1\x86R.",
            "{\"$bytes\":1,\"head\":\"ff\"}",
        ),
        (b"ccollections\nOrderedDict\n)RU\x01aK\x01s.", "{\"a\":1}"),
        (b"ccollections\nOrderedDict\n](U\x01aK\x01lq\x01a\x85R.", "{\"a\":1}"),
        (b"cm\nC\n)\x81}U\x01aK\x01sb.", "{\"$class\":\"m.C\",\"a\":1}"),
        (b"cm\nC\n)\x81N}U\x01aK\x01s\x86b.", "{\"$class\":\"m.C\",\"a\":1}"),
        (b"cm\nC\n)}\x92.", "{\"$class\":\"m.C\"}"),
        (b"cm\nC\n)\x81(K\x01e.", "{\"$class\":\"m.C\",\"0\":1}"),
        (b"\x82\x05.", "\"extension(5)\""),
        (b"Pid\n.", "\"id\""),
        (b"U\x02idQ.", "\"id\""),
    ] {
        assert_eq!(shown(bytes), want, "{}", bytes.escape_ascii());
    }
}

#[test]
fn malformed_streams_say_where() {
    for (bytes, kind, offset) in [
        (&b""[..], ErrorKind::Truncated, 0),
        (b"N", ErrorKind::Truncated, 1),
        (b".", ErrorKind::Pickle, 0),
        (b"K", ErrorKind::Truncated, 1),
        (b"X\xff\xff\xff\xff.", ErrorKind::Truncated, 5),
        (b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", ErrorKind::Truncated, 9),
        (b"T\xff\xff\xff\xff.", ErrorKind::Pickle, 0),
        (b"\x8b\xff\xff\xff\xff.", ErrorKind::Pickle, 0),
        (b"I1", ErrorKind::Pickle, 1),
        (b"Ix\n.", ErrorKind::Pickle, 0),
        (b"t.", ErrorKind::Pickle, 0),
        (b"\x85.", ErrorKind::Pickle, 0),
        (b"K\x01(\x85.", ErrorKind::Pickle, 3),
        (b"(K\x01d.", ErrorKind::Pickle, 3),
        (b"h\x00.", ErrorKind::Pickle, 0),
        (b"q\x00.", ErrorKind::Pickle, 0),
        (b"\x80\x06.", ErrorKind::Pickle, 0),
        (b"\xff.", ErrorKind::Pickle, 0),
        (b"\x97.", ErrorKind::Pickle, 0),
        (b"cm\nC\nNR.", ErrorKind::Pickle, 6),
        (b"NK\x01a.", ErrorKind::Pickle, 3),
        (b"NU\x01aK\x01s.", ErrorKind::Pickle, 6),
        (b"K\x01}b.", ErrorKind::Pickle, 3),
    ] {
        let Err(error) = read(bytes) else { panic!("{} was read", bytes.escape_ascii()) };
        assert_eq!((error.kind(), error.offset()), (kind, Some(offset)), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_pickle_ends_itself() {
    assert_eq!(read(b"N.rest").unwrap().1, 2);
}

#[test]
fn deep_nesting_costs_nothing_special() {
    let depth = 200_000;
    let mut bytes = vec![b']'; depth];
    bytes.extend(vec![b'a'; depth - 1]);
    bytes.push(b'.');
    let text = shown(&bytes);
    assert!(text.starts_with("[[[[") && text.contains("$deeper"));
}

#[test]
fn a_memo_bomb_stays_small() {
    // Each level is a list of ten references to the level before: 10^30 leaves if it were expanded.
    let mut bytes = b"]q\x00".to_vec();
    for level in 0..30_u8 {
        bytes.extend([b']', b'q', level + 1, b'(']);
        for _ in 0..10 {
            bytes.extend([b'h', level]);
        }
        bytes.push(b'e');
    }
    bytes.push(b'.');
    let (tree, _) = read(&bytes).unwrap();
    assert!(tree.memory() < 100_000);
}

#[test]
fn a_memo_index_reserves_nothing() {
    assert_eq!(shown(b"K\x05r\xff\xff\xff\xff0j\xff\xff\xff\xff."), "5");
}

#[test]
fn the_object_budget_holds() {
    let mut limits = Limits::default();
    limits.object_bytes = 1 << 20;
    let input: Arc<[u8]> = vec![b']'; 1 << 20].into();
    let mut tree = Tree::new(input.clone());
    let error = pickle::read(&mut tree, &mut NoHost, &input, 0, 0, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

/// Opcodes with their operands, so that programs get past the first few.
fn instruction() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(b"N()]}tldaesu012oRbQ".to_vec()).prop_map(|b| vec![b]),
        prop::sample::select(vec![0x81, 0x85, 0x86, 0x87, 0x88, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94])
            .prop_map(|b| vec![b]),
        any::<u8>().prop_map(|b| vec![b'K', b]),
        (prop::sample::select(b"qh".to_vec()), 0..8_u8).prop_map(|(op, at)| vec![op, at]),
        prop::sample::select(vec![
            &b"X\x01\x00\x00\x00a"[..],
            b"cm\nC\n",
            b"ccollections\nOrderedDict\n",
            b"cos\nsystem\n"
        ])
        .prop_map(<[u8]>::to_vec),
        any::<u8>().prop_map(|b| vec![b]),
    ]
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = shown(&bytes);
    }

    #[test]
    fn any_program_has_an_answer(program in prop::collection::vec(instruction(), 0..60)) {
        let mut bytes = program.concat();
        bytes.push(b'.');
        let _ = shown(&bytes);
    }
}
