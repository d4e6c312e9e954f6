//! ONNX programs: the initialisers of the graph, in the file or in files beside it (formats.md §9.6).

mod external;
mod tensor;

use std::borrow::Cow;

use super::listing::Listing;
use super::protobuf::{Field, Message};
use crate::checkpoint::{Checkpoint, CheckpointFile, Format, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::{Identity, fingerprint};
use crate::text::shown;
use crate::value::Value;

/// Bytes of a text of the program that are kept.
const TEXT: u64 = 64 << 10;
/// Initialisers of one graph.
const INITIALISERS: usize = 4_000_000;

/// True when a file may be an ONNX program: a small version number, then another field of `ModelProto`.
pub(super) fn is_program(head: &[u8]) -> bool {
    matches!(head, [0x08, 1..=30, 0x12 | 0x1A | 0x22 | 0x28 | 0x32 | 0x3A | 0x42, ..])
}

/// Opens a program.
pub(crate) fn open(file: CheckpointFile, identity: Option<Identity>, limits: &Limits) -> Result<Checkpoint> {
    let mut listing = Listing::new(file, limits);
    let source = listing.source();
    let mut program = Message::new(&*source, 0, source.len());
    let mut metadata: Vec<(Cow<'_, str>, Value)> = Vec::new();
    let mut graph = None;
    while let Some((number, field)) = program.next().map_err(|e| program_error(e, graph.is_some()))? {
        match (number, field) {
            (1, Field::Number(n)) => metadata.push(("ir_version".into(), Value::Int(n.cast_signed()))),
            (2, Field::Bytes { .. }) => text(&mut listing, &program, "producer_name", field, &mut metadata)?,
            (3, Field::Bytes { .. }) => {
                text(&mut listing, &program, "producer_version", field, &mut metadata)?;
            }
            (4, Field::Bytes { .. }) => text(&mut listing, &program, "domain", field, &mut metadata)?,
            (6, Field::Bytes { .. }) => text(&mut listing, &program, "doc_string", field, &mut metadata)?,
            (7, Field::Bytes { .. }) => graph = Some(field),
            (14, Field::Bytes { .. }) => {
                let (key, value) = pair(&mut program.inner(field))?;
                metadata.push((key.into(), listing.tree.add_text(&value)));
            }
            _ => {}
        }
    }
    let graph = graph.ok_or_else(|| program_error(Error::new(ErrorKind::Header, "no graph"), false))?;
    let mut reader = tensor::Reader::new(&mut listing);
    let (entries, mark) = initialisers(&mut program.inner(graph), &mut reader)?;
    let root = listing.dict(entries);
    listing.metadata = Some(listing.dict(metadata));
    Ok(listing.finish(root, Format::Onnx, identity, mark))
}

/// A file without a graph is another protobuf message; one that breaks off behind it is a damaged program.
fn program_error(error: Error, is_program: bool) -> Error {
    if is_program || error.kind() == ErrorKind::Truncated {
        return error;
    }
    Error::new(
        ErrorKind::UnknownFormat,
        "no known checkpoint format (a protobuf message that is no ONNX program)",
    )
    .advise("of a TensorFlow SavedModel, open variables/variables.index")
}

fn text<'k>(
    listing: &mut Listing<'_>,
    message: &Message<'_>,
    name: &'k str,
    field: Field,
    metadata: &mut Vec<(Cow<'k, str>, Value)>,
) -> Result<()> {
    let text = message.text(field, TEXT)?;
    metadata.push((name.into(), listing.tree.add_text(&text)));
    Ok(())
}

/// `StringStringEntryProto`.
fn pair(message: &mut Message<'_>) -> Result<(String, String)> {
    let (mut key, mut value) = (String::new(), String::new());
    while let Some((number, field)) = message.next()? {
        match number {
            1 => key = message.text(field, TEXT)?,
            2 => value = message.text(field, TEXT)?,
            _ => {}
        }
    }
    Ok((key, value))
}

type Entries = Vec<(Cow<'static, str>, Value)>;

/// The initialisers of a graph, and a hash over where they are.
fn initialisers(graph: &mut Message<'_>, reader: &mut tensor::Reader<'_, '_>) -> Result<(Entries, u64)> {
    let mut entries = Vec::new();
    let mut mark = 0_u64;
    loop {
        let field = match graph.next() {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(e) => {
                let text = format!("the graph breaks off: {}", e.reason());
                reader.listing.note(Severity::Broken, "TRUNCATED", text);
                break;
            }
        };
        let (5, Field::Bytes { at, len }) = field else { continue };
        if entries.len() >= INITIALISERS {
            return Err(Error::new(ErrorKind::Limit, format!("more than {INITIALISERS} initialisers")));
        }
        match reader.read(&mut graph.inner(field.1)) {
            Ok((name, value)) => {
                mark = mark.rotate_left(7) ^ fingerprint(name.as_bytes()) ^ len;
                entries.push((name.into(), value));
            }
            Err(e) => {
                let text = format!("the initialiser at byte {at} is malformed: {}", shown(&e.reason()));
                reader.listing.note(Severity::Broken, "HEADER", text);
            }
        }
    }
    Ok((entries, mark))
}
