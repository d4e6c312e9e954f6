//! The one error type of the reading half.
//!
//! An error says what went wrong, where (file, byte offset, key), whose fault it is, and, when there is
//! something to do, what. Its `Display` is one line, already safe to print: names that come from a file
//! pass through [`crate::text::shown`] on their way in.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Result of the reading half.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whose fault an error is: decides between "this file is broken" and "this program cannot".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The bytes of the file contradict themselves or their format.
    File,
    /// The file wants more than [`crate::limits::Limits`] grants.
    Limit,
    /// The file may well be fine; this program does not read it.
    Unsupported,
    /// The operating system refused or failed a read.
    Io,
}

/// What kind of thing went wrong. `code` of each is stable and is what `check` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file ends before its own structure says it does.
    Truncated,
    /// A zip container contradicts itself.
    Zip,
    /// A pickle stream is malformed.
    Pickle,
    /// Tensor metadata points outside its storage, or is impossible.
    TensorBounds,
    /// A storage the metadata names is not in the file.
    StorageMissing,
    /// A header (safetensors, tar, legacy stream …) is malformed.
    Header,
    /// A limit of [`crate::limits::Limits`] was reached.
    Limit,
    /// The content is of no format this program knows.
    UnknownFormat,
    /// The content is recognised, but is not a checkpoint (HTML page, git-LFS pointer …).
    NotACheckpoint,
    /// The format is known and not read (yet).
    Unsupported,
    /// Not a regular file: pipe, socket, device, folder.
    NotRegular,
    /// The file changed while it was being read.
    Changed,
    /// The operating system reported an error.
    Io,
    /// The optional libtorch helper is missing, failed, or gave no answer (`crate::engine`).
    Engine,
    /// Whoever asked for the work no longer wants it ([`crate::work::Cancel`]).
    Cancelled,
    /// A file that was to be written is there already.
    Exists,
}

impl ErrorKind {
    /// Stable upper-case code, as `check` prints it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Truncated => "TRUNCATED",
            Self::Zip => "ZIP_CD",
            Self::Pickle => "PICKLE_TYPE",
            Self::TensorBounds => "META_OOB",
            Self::StorageMissing => "MISSING_STORAGE",
            Self::Header => "HEADER",
            Self::Limit => "LIMIT",
            Self::UnknownFormat => "UNKNOWN_FORMAT",
            Self::NotACheckpoint => "NOT_A_CHECKPOINT",
            Self::Unsupported => "UNSUPPORTED",
            Self::NotRegular => "NOT_REGULAR",
            Self::Changed => "CHANGED",
            Self::Io => "IO",
            Self::Engine => "ENGINE",
            Self::Cancelled => "CANCELLED",
            Self::Exists => "EXISTS",
        }
    }

    /// Whose fault this kind is.
    pub fn fault(self) -> Fault {
        match self {
            Self::Limit => Fault::Limit,
            Self::UnknownFormat
            | Self::NotACheckpoint
            | Self::Unsupported
            | Self::NotRegular
            | Self::Engine => Fault::Unsupported,
            Self::Changed | Self::Io | Self::Cancelled | Self::Exists => Fault::Io,
            _ => Fault::File,
        }
    }
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    file: Option<PathBuf>,
    member: Option<String>,
    offset: Option<u64>,
    advice: Option<&'static str>,
    code: Option<&'static str>,
    source: Option<io::Error>,
}

/// An error of the reading half. One pointer wide, so that `Result<u8, Error>` stays small in hot loops.
#[derive(Debug)]
pub struct Error(Box<Inner>);

impl Error {
    /// A new error of `kind`; `message` must already be safe to print (see [`crate::text::shown`]).
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            file: None,
            member: None,
            offset: None,
            advice: None,
            code: None,
            source: None,
        }))
    }

    /// An error reported by the operating system.
    #[cold]
    pub fn io(source: io::Error) -> Self {
        let changed = source
            .get_ref()
            .is_some_and(<dyn std::error::Error + Send + Sync>::is::<crate::source::ChangedFile>);
        let kind = match source.kind() {
            _ if changed => ErrorKind::Changed,
            io::ErrorKind::UnexpectedEof => ErrorKind::Truncated,
            _ => ErrorKind::Io,
        };
        let mut error = Self::new(kind, source.to_string());
        if source.kind() == io::ErrorKind::PermissionDenied {
            error.0.code = Some("PERMISSION");
        }
        if changed {
            error.0.advice = Some("it is read again once it is quiet");
        }
        error.0.source = Some(source);
        error
    }

    /// Adds the byte offset, in the member if one is named, else in the file. The first one given stays.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Names the archive member that `at` counts from (`data.pkl`). The first one given stays.
    #[must_use]
    pub fn in_member(mut self, member: &str) -> Self {
        self.0.member.get_or_insert_with(|| crate::text::shown(member).into_owned());
        self
    }

    /// Names the file. The first one given stays.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        self.0.file.get_or_insert_with(|| file.to_owned());
        self
    }

    /// Says what the reader of the message can do about it.
    #[must_use]
    pub fn advise(mut self, advice: &'static str) -> Self {
        self.0.advice.get_or_insert(advice);
        self
    }

    /// Gives a finer code than that of its kind; the first one given stays.
    #[must_use]
    pub fn coded(mut self, code: &'static str) -> Self {
        self.0.code.get_or_insert(code);
        self
    }

    /// Gives another code than the one it has: what ends a pickle is one thing, what ends a file another.
    #[must_use]
    pub fn recoded(mut self, code: &'static str) -> Self {
        self.0.code = Some(code);
        self
    }

    /// Stable upper-case code, as `check` prints it: of this error where it has one, else of its kind.
    pub fn code(&self) -> &'static str {
        self.0.code.unwrap_or_else(|| self.0.kind.code())
    }

    /// The kind of error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.0.kind.fault()
    }

    /// Byte offset of the fault, where one is known.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The file the error was found in, where one is known.
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// The reason without the file's name: what a row of the list shows beside that name.
    pub fn reason(&self) -> String {
        let message = &self.0.message;
        let mut text = match (&self.0.member, self.0.offset) {
            (Some(member), Some(offset)) => format!("{message} (byte {offset} of {member})"),
            (Some(member), None) => format!("{message} (in {member})"),
            (None, Some(offset)) => format!("{message} (byte {offset})"),
            (None, None) => message.clone(),
        };
        if let Some(advice) = self.0.advice {
            text.push_str("; ");
            text.push_str(advice);
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.0.file {
            write!(f, "{}: ", crate::text::shown_path(file))?;
        }
        f.write_str(&self.reason())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|e| e as _)
    }
}

impl From<io::Error> for Error {
    fn from(source: io::Error) -> Self {
        Self::io(source)
    }
}
