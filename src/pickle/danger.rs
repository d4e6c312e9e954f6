//! Names known to run code when a pickle calls them, and what each of them does.
//!
//! A list like this is never complete: new gadgets are found every month. It only tells the certain from
//! the unknown; what decides is whether every name is on torch's own list ([`super::verdict`]).

/// What a name does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Danger {
    Programs,
    Python,
    Imports,
    Unpickles,
    Network,
    Files,
    Attributes,
    Native,
    Installs,
    Hidden,
    Imitates,
}

impl Danger {
    /// In words, after the name.
    pub fn text(self) -> &'static str {
        match self {
            Self::Programs => "starts programs",
            Self::Python => "runs Python code",
            Self::Imports => "imports modules",
            Self::Unpickles => "unpickles or loads another file, with everything that can hold",
            Self::Network => "opens network connections",
            Self::Files => "reads, writes or deletes files",
            Self::Attributes => "reaches any function through attributes",
            Self::Native => "loads or calls native code",
            Self::Installs => "installs packages, which runs their code",
            Self::Hidden => "stands for a name registered elsewhere, which a scanner cannot see",
            Self::Imitates => "imitates another name with letters of two scripts",
        }
    }
}

/// Modules (and everything in and below them).
#[rustfmt::skip]
const MODULES: &[(Danger, &[&str])] = &[
    (Danger::Programs, &[
        "os", "posix", "nt", "subprocess", "_posixsubprocess", "pty", "commands", "popen2", "webbrowser", "platform", "asyncio",
        "multiprocessing", "concurrent", "threading", "_thread", "signal", "_winapi", "winreg", "uuid._get_command_stdout",
        "torch.utils.collect_env", "torch.distributed.elastic", "torch.multiprocessing",
    ]),
    (Danger::Python, &[
        "runpy", "code", "codeop", "pdb", "bdb", "timeit", "cProfile", "profile", "trace", "idlelib", "lib2to3", "doctest", "pydoc",
        "faulthandler", "gc", "inspect", "sys", "_sitebuiltins", "site", "torch._inductor", "torch.utils.bottleneck",
        "torch.jit.annotations", "torch.jit.unsupported_tensor_ops", "torch.fx.experimental.symbolic_shapes", "numpy.f2py",
        "numpy.testing", "sympy", "IPython", "ipykernel", "jedi", "fickling", "torch.distributed.rpc", "torch.distributed.nn.api",
    ]),
    (Danger::Imports, &["importlib", "imp", "pkgutil", "zipimport", "modulefinder"]),
    (Danger::Unpickles, &[
        "pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle", "yaml", "torch.hub",
        "torch.utils._config_module", "torch.package",
    ]),
    (Danger::Network, &[
        "socket", "_socket", "http", "urllib", "urllib3", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib", "poplib", "imaplib",
        "ssl", "xmlrpc", "socketserver", "wsgiref",
    ]),
    (Danger::Files, &["shutil", "tempfile", "linecache", "sqlite3", "posixpath", "ntpath", "nturl2path", "fileinput", "mmap", "tarfile", "zipfile"]),
    (Danger::Native, &["ctypes", "_ctypes", "cffi", "msvcrt", "torch._ops", "torch.utils.cpp_extension", "torch._C"]),
    (Danger::Installs, &["pip", "distutils", "setuptools", "ensurepip", "venv", "pkg_resources", "conda"]),
];

/// Single functions of other modules.
#[rustfmt::skip]
const FUNCTIONS: &[(Danger, &str, &[&str])] = &[
    (Danger::Python, "builtins", &["eval", "exec", "compile", "execfile", "apply", "breakpoint", "exit", "quit", "help", "input"]),
    (Danger::Imports, "builtins", &["__import__"]),
    (Danger::Files, "builtins", &["open", "file"]),
    (Danger::Attributes, "builtins", &["globals", "locals", "vars", "setattr", "delattr"]),
    (Danger::Attributes, "operator", &["attrgetter", "methodcaller"]),
    (Danger::Attributes, "_operator", &["attrgetter", "methodcaller"]),
    (Danger::Unpickles, "torch", &["load", "save"]),
    (Danger::Python, "torch", &["compile"]),
    (Danger::Unpickles, "torch.serialization", &["load", "_load", "save"]),
    (Danger::Unpickles, "torch.jit", &["load"]),
    (Danger::Unpickles, "numpy", &["load", "save", "fromfile"]),
    (Danger::Python, "types", &["CodeType", "FunctionType", "LambdaType", "MethodType", "ModuleType"]),
    (Danger::Python, "functools", &["reduce"]),
    (Danger::Python, "logging.config", &["dictConfig", "fileConfig", "listen"]),
    (Danger::Files, "pathlib", &["Path.write_text", "Path.write_bytes", "Path.unlink", "Path.open", "Path.rename", "Path.read_text", "Path.read_bytes"]),
    (Danger::Files, "io", &["open", "open_code", "FileIO"]),
    (Danger::Files, "_io", &["open", "open_code", "FileIO"]),
    (Danger::Files, "codecs", &["open"]),
    (Danger::Programs, "uuid", &["_get_command_stdout", "_popen"]),
    (Danger::Python, "pandas", &["eval"]),
    (Danger::Unpickles, "pandas", &["read_pickle"]),
    (Danger::Python, "keras.src.utils.python_utils", &["func_load"]),
    (Danger::Python, "keras.utils.generic_utils", &["func_load"]),
    (Danger::Python, "torch.fx.graph_module", &["_forward_from_src", "_exec_with_source"]),
    (Danger::Hidden, "copyreg", &["_extension", "add_extension"]),
];

/// What calling `module.name` would do, where it is known to run code.
///
/// A dotted `name` reaches through attributes (`torch._utils` + `torch.os.system`), so every step of it
/// counts; a step such as `__globals__` leads anywhere.
pub fn danger(module: &str, name: &str) -> Option<Danger> {
    // No module has blanks around its name; whoever writes them wants a scanner to look past it.
    let module = module.trim();
    let within =
        |known: &str| module.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let of_module = MODULES.iter().find(|(_, known)| known.iter().any(|k| within(k))).map(|(what, _)| *what);
    let of_function = || {
        let known = FUNCTIONS.iter().find(|(_, m, names)| *m == module && names.contains(&name));
        known.map(|(what, ..)| *what)
    };
    let through = || {
        let mut steps = name.split('.').rev().skip(1);
        let leads = steps.any(|step| {
            MODULES.iter().any(|(_, known)| known.contains(&step))
                || step.starts_with("__") && step.ends_with("__") && step.len() > 4
        });
        let last = name.contains('.') && name.rsplit('.').next().is_some_and(|s| s.starts_with("__"));
        (leads || last).then_some(Danger::Attributes)
    };
    let loader = || {
        let loads =
            module.starts_with("torch.") && matches!(name, "load" | "save" | "_load" | "compile" | "eval");
        loads.then_some(Danger::Unpickles)
    };
    let imitates = || module.split('.').any(is_mixed).then_some(Danger::Imitates);
    of_module.or_else(of_function).or_else(through).or_else(loader).or_else(imitates)
}

/// Latin letters beside others: `о` in `оs` may be Cyrillic.
fn is_mixed(word: &str) -> bool {
    let latin = word.chars().any(|c| c.is_ascii_alphabetic());
    latin && word.chars().any(|c| !c.is_ascii() && c.is_alphabetic())
}
