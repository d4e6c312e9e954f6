//! `show` as a table: a row for each tensor.

use super::place::{is_stored, located, size};
use crate::checkpoint::{Checkpoint, TensorEntry};
use crate::cli::args::Sheet as Form;
use crate::cli::output::{Failure, Out};
use crate::cli::sheet::{self, Column, Value};

/// Writes all tensors.
pub(super) fn write(checkpoint: &Checkpoint, form: Form, out: &mut Out) -> Result<(), Failure> {
    let columns = vec![
        Column::left("path"),
        Column::left("section").detail(),
        Column::left("key").detail(),
        Column::left("role"),
        Column::left("dtype"),
        Column::left("shape"),
        Column::left("stride").detail(),
        Column::right("bytes"),
        Column::left("file").detail(),
        Column::right("offset").detail(),
        Column::right("storage_offset").detail(),
        Column::left("requires_grad").detail(),
        Column::left("stored").detail(),
        Column::left("layout").detail(),
    ];
    let rows = checkpoint.tensors().iter().map(|entry| cells(checkpoint, entry));
    Ok(sheet::write(form, columns, rows, out)?)
}

fn cells(checkpoint: &Checkpoint, entry: &TensorEntry) -> Vec<Value> {
    let meta = checkpoint.meta(entry);
    let (file, offset) = located(checkpoint, meta);
    vec![
        Value::name(&*entry.path),
        Value::name(checkpoint.section_of(entry).map_or("", |section| section.name.as_str())),
        Value::name(entry.key()),
        Value::of(super::place::role(checkpoint, entry), Value::words),
        Value::words(meta.dtype.name()),
        Value::Shape(meta.shape().to_vec()),
        Value::Shape(meta.stride().to_vec()),
        Value::Bytes(size(checkpoint, meta)),
        Value::of(file, Value::path),
        Value::of(offset, Value::Count),
        Value::Count(meta.storage_offset),
        Value::of(meta.requires_grad, Value::Flag),
        Value::Flag(is_stored(checkpoint, meta)),
        Value::words(meta.layout.name()),
    ]
}
