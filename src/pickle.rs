//! A total, bounded, symbolic interpreter for pickle streams: it runs nothing.
