//! Arrays of Python objects: a pickle behind the header, read like any other and never executed.

use std::sync::Arc;

use crate::checkpoint::Severity;
use crate::format::listing::Listing;
use crate::format::torch::report;
use crate::pickle::{self, NoHost};
use crate::text::shown;
use crate::value::{Dict, Value};

/// Reads the pickles of arrays of objects: the listing gets their names, its metadata what they hold.
pub(crate) fn read(listing: &mut Listing<'_>, arrays: &[(String, Vec<u8>)]) {
    let mut entries = Vec::new();
    listing.weights_only = false;
    for (name, bytes) in arrays {
        let input: Arc<[u8]> = bytes.as_slice().into();
        let origin = listing.tree.add_bytes(bytes).start;
        let limits = listing.limits();
        match pickle::read(&mut listing.tree, &mut NoHost, &input, origin, 0, limits) {
            Ok(read) => entries.push((listing.tree.add_text(name), read.value)),
            Err(e) => {
                let text = format!("the objects of array {} are not a pickle: {}", shown(name), e.reason());
                listing.note(Severity::Broken, "PICKLE_TYPE", text);
            }
        }
    }
    listing.tree.settle();
    listing.globals = report::globals(&listing.tree);
    let dangers = report::dangers(&listing.tree, &listing.globals);
    listing.note_all(dangers);
    let dict = Dict { entries, ..Dict::default() };
    listing.metadata = Some(Value::Dict(listing.tree.add_dict(dict)));
}
