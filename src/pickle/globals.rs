//! Names of classes and functions under their present spelling.

/// Python 2 module names that protocols 0–2 are written with, and other moves (formats.md §3.2).
const MODULES: &[(&str, &str)] = &[
    ("__builtin__", "builtins"),
    ("copy_reg", "copyreg"),
    ("exceptions", "builtins"),
    ("cPickle", "pickle"),
    ("UserDict", "collections"),
    ("UserList", "collections"),
    ("UserString", "collections"),
    ("Queue", "queue"),
    ("repr", "reprlib"),
    ("cStringIO", "io"),
    ("StringIO", "io"),
    ("commands", "subprocess"),
    ("urllib2", "urllib.request"),
    ("SocketServer", "socketserver"),
    ("ConfigParser", "configparser"),
    ("_winreg", "winreg"),
    ("thread", "_thread"),
    ("dummy_thread", "_dummy_thread"),
    ("dbhash", "dbm.bsd"),
    ("anydbm", "dbm"),
    ("xmlrpclib", "xmlrpc.client"),
    ("httplib", "http.client"),
    ("torch.tensor", "torch._tensor"),
];

/// Names that moved within `builtins`.
const BUILTINS: &[(&str, &str)] =
    &[("long", "int"), ("unicode", "str"), ("basestring", "str"), ("xrange", "range"), ("unichr", "chr")];

/// The present module and name of a global. `python2` says that the stream is of a protocol for which
/// `CPython` maps names (0–2).
pub(super) fn present<'a>(module: &'a str, name: &'a str, python2: bool) -> (&'a str, &'a str) {
    if !python2 {
        return (module, name);
    }
    let mapped = MODULES.iter().find(|row| row.0 == module).map_or(module, |row| row.1);
    let name = match mapped {
        "builtins" => BUILTINS.iter().find(|row| row.0 == name).map_or(name, |row| row.1),
        _ => name,
    };
    match (module, name) {
        ("UserDict", "IterableUserDict") => ("collections", "UserDict"),
        ("itertools", "izip") => ("builtins", "zip"),
        ("itertools", "imap") => ("builtins", "map"),
        ("itertools", "ifilter") => ("builtins", "filter"),
        ("__builtin__", "reduce") => ("functools", "reduce"),
        ("__builtin__", "intern") => ("sys", "intern"),
        _ => (mapped, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_2_names() {
        assert_eq!(present("__builtin__", "unicode", true), ("builtins", "str"));
        assert_eq!(present("UserDict", "IterableUserDict", true), ("collections", "UserDict"));
        assert_eq!(present("copy_reg", "_reconstructor", true), ("copyreg", "_reconstructor"));
        assert_eq!(present("__builtin__", "long", false), ("__builtin__", "long"));
        assert_eq!(
            present("torch._utils", "_rebuild_tensor_v2", true),
            ("torch._utils", "_rebuild_tensor_v2")
        );
    }
}
