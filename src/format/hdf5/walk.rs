//! The groups and datasets of a file, front to back, without recursion.

use std::collections::HashSet;
use std::sync::Arc;

use hdf5_reader::group::Group;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::layout::DataLayout;
use hdf5_reader::{Attribute, Dataset, Hdf5File};

use super::super::listing::{Described, Listing};
use super::super::nest::Nest;
use super::chunks::Chunks;
use super::{datatype, guarded, storage};
use crate::checkpoint::Severity;
use crate::error::Result;
use crate::source::{RangeSource, ReadAt};
use crate::tensor::{DType, Place};
use crate::text::shown;
use crate::value::{Dict, Value};

/// Groups visited.
const GROUPS: usize = 200_000;
/// Groups inside groups.
const DEPTH: usize = 64;
/// Groups whose attributes are kept as metadata.
const DESCRIBED: usize = 1_000;

/// Lists every dataset and returns the root; attributes of groups become the listing's metadata.
pub(super) fn walk(listing: &mut Listing<'_>, source: Arc<dyn ReadAt>, base: u64) -> Result<Value> {
    let len = source.len() - base;
    let inner: Arc<dyn ReadAt> = Arc::new(RangeSource::new(source, base, len));
    let file = guarded(|| storage::open(inner))?;
    let root = guarded(|| file.root_group())?;
    let mut walk =
        Walk { listing, file, base, nest: Nest::default(), seen: HashSet::new(), attributes: Vec::new() };
    let mut groups = vec![(String::new(), root, 0)];
    while let Some((path, group, depth)) = groups.pop() {
        if !walk.seen.insert(group.address()) {
            continue;
        }
        if walk.seen.len() > GROUPS || depth > DEPTH {
            walk.listing.note(Severity::Warning, "HDF5_GROUPS", "more groups than are looked at here");
            continue;
        }
        let below = walk.group(&path, &group);
        match below {
            Ok(found) => {
                let found = found.into_iter().rev();
                groups.extend(found.map(|(name, group)| (format!("{path}{name}/"), group, depth + 1)));
            }
            Err(e) => {
                let text = format!("group /{} cannot be read: {}", shown(&path), e.reason());
                walk.listing.note(Severity::Broken, "HDF5_GROUP", text);
            }
        }
    }
    let Walk { listing, nest, attributes, .. } = walk;
    let dict = Dict { entries: attributes, ..Dict::default() };
    if !dict.entries.is_empty() {
        listing.metadata = Some(Value::Dict(listing.tree.add_dict(dict)));
    }
    Ok(nest.build(listing))
}

struct Walk<'a, 'l> {
    listing: &'a mut Listing<'l>,
    file: Hdf5File,
    base: u64,
    nest: Nest,
    seen: HashSet<u64>,
    attributes: Vec<(Value, Value)>,
}

impl Walk<'_, '_> {
    /// Lists the datasets of a group, and returns the groups in it.
    fn group(&mut self, path: &str, group: &Group) -> Result<Vec<(String, Group)>> {
        self.attributes(path, group);
        let (groups, datasets) = guarded(|| group.members())?;
        for dataset in datasets {
            let name = format!("{path}{}", dataset.name());
            let value = self.dataset(&name, dataset);
            self.nest.insert(&name, value);
        }
        Ok(groups.into_iter().map(|group| (group.name().to_owned(), group)).collect())
    }

    fn dataset(&mut self, name: &str, dataset: Dataset) -> Value {
        let (dtype, big_endian, inner) = datatype::dtype(dataset.dtype());
        let shape: Vec<u64> = dataset.shape().iter().copied().chain(inner).collect();
        let place = self.place(name, dataset, dtype, &shape);
        let described = Described { big_endian, ..Described::new(name, dtype, &shape, place) };
        self.listing.tensor(&described)
    }

    /// Where the elements are: in the file as they stand, in the header, or to be decoded.
    fn place(&mut self, name: &str, dataset: Dataset, dtype: DType, shape: &[u64]) -> Place {
        let count =
            if shape.contains(&0) { Some(0) } else { shape.iter().try_fold(1_u64, |n, s| n.checked_mul(*s)) };
        let Some(len) = count.and_then(|n| dtype.bytes_for(n)).filter(|_| dtype.bits() > 0) else {
            return Place::NotStored;
        };
        let address = dataset.address();
        let header = guarded(|| self.file.get_or_parse_header(address));
        let messages = header.as_ref().map(|h| h.messages.as_slice()).unwrap_or_default();
        let moved = messages
            .iter()
            .any(|m| matches!(m, HdfMessage::FilterPipeline(_) | HdfMessage::ExternalFiles(_)));
        let layout = messages.iter().find_map(|m| match m {
            HdfMessage::DataLayout(message) => Some(&message.layout),
            _ => None,
        });
        match layout {
            Some(DataLayout::Contiguous { address, size })
                if !moved && *address != u64::MAX && *size >= len =>
            {
                return Place::Range { file: 0, offset: self.base.saturating_add(*address), len };
            }
            Some(DataLayout::Compact { data }) => {
                let span = self.listing.tree.add_bytes(data);
                return Place::Inline { start: span.start, len: span.len };
            }
            _ => {}
        }
        match Chunks::new(dataset, dtype, len) {
            Ok(chunks) => Place::Assembled { source: self.listing.assemble(Arc::new(chunks)), len },
            Err(e) => {
                let text = format!("the values of {} are not read: {}", shown(name), e.reason());
                self.listing.note(Severity::Warning, "HDF5_CHUNKS", text);
                Place::Missing
            }
        }
    }

    /// Attributes of the root stand by themselves, those of a group under its name.
    fn attributes(&mut self, path: &str, group: &Group) {
        if self.seen.len() > DESCRIBED {
            return;
        }
        let Ok(found) = guarded(|| group.attributes()) else { return };
        let entries: Vec<(Value, Value)> = found
            .iter()
            .filter_map(|attribute| {
                let value = self.attribute(attribute)?;
                Some((self.listing.tree.add_text(&attribute.name), value))
            })
            .collect();
        if path.is_empty() {
            self.attributes.extend(entries);
        } else if !entries.is_empty() {
            let name = self.listing.tree.add_text(path.trim_end_matches('/'));
            let dict = Dict { entries, ..Dict::default() };
            let value = Value::Dict(self.listing.tree.add_dict(dict));
            self.attributes.push((name, value));
        }
    }

    fn attribute(&mut self, attribute: &Attribute) -> Option<Value> {
        let tree = &mut self.listing.tree;
        if let Ok(text) = guarded(|| attribute.read_string()) {
            // Keras keeps the configuration of a model as JSON text.
            let json = text.starts_with('{');
            return Some(if json {
                super::super::json::parse(tree, text.as_bytes())
            } else {
                tree.add_text(&text)
            });
        }
        if let Ok(texts) = guarded(|| attribute.read_strings()) {
            let texts = texts.iter().take(DESCRIBED).map(|text| tree.add_text(text)).collect();
            return Some(Value::List(tree.add_list(texts)));
        }
        guarded(|| attribute.read_as_f64()).ok().map(Value::Float)
    }
}
