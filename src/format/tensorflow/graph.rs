//! The graph of objects a TensorFlow 2 checkpoint carries: which variable of the program each key is.

use std::collections::HashMap;

use crate::error::Result;
use crate::format::cursor::Cursor;
use crate::format::protobuf::{Field, Message, varint};
use crate::source::ReadAt;

/// Names read.
const NAMES: usize = 1_000_000;
/// Bytes of one name.
const NAME: u64 = 4_096;

/// Names by checkpoint key. `source` is the one string of a string tensor: its length, a checksum, its bytes.
pub(super) fn names(source: &dyn ReadAt) -> Result<HashMap<String, String>> {
    let mut cursor = Cursor::new(source, 0, source.len());
    let len = varint(&mut cursor)?;
    cursor.skip(4)?;
    let mut names = HashMap::new();
    let mut graph = Message::new(source, cursor.at(), len);
    while let Some((number, node)) = graph.next()? {
        if number != 1 {
            continue;
        }
        let mut node = graph.inner(node);
        while let Some((number, attribute)) = node.next()? {
            if number == 2 && names.len() < NAMES {
                let (key, name) = attribute_names(&mut node.inner(attribute))?;
                if !key.is_empty() && !name.is_empty() {
                    names.insert(key, name);
                }
            }
        }
    }
    Ok(names)
}

/// `SerializedTensor`: 2 is the full name of the variable, 3 its key.
fn attribute_names(message: &mut Message<'_>) -> Result<(String, String)> {
    let (mut key, mut name) = (String::new(), String::new());
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (2, Field::Bytes { .. }) => name = message.text(field, NAME)?,
            (3, Field::Bytes { .. }) => key = message.text(field, NAME)?,
            _ => {}
        }
    }
    Ok((key, name))
}
