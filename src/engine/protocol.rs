//! What the program and its libtorch helper say to each other.
//!
//! A message is one line of JSON, at most [`LINE`] bytes long, and after it as many raw bytes as its `payload` says:
//! elements as little-endian `f64`, row-major. The program asks, the helper answers, one after the other. The
//! first question is [`Request::Hello`]; both sides refuse another [`VERSION`].

use std::io::{self, BufRead, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Version of the protocol. Raised whenever a message changes its meaning.
pub const VERSION: u32 = 1;

/// Longest line of JSON, in bytes.
pub const LINE: u64 = 64 << 20;

/// Longest payload, in bytes: a matrix of 8 GiB.
pub const PAYLOAD: u64 = 8 << 30;

/// A question of the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    /// Which protocol, which libtorch, which devices?
    Hello {
        /// The protocol the program speaks.
        protocol: u32,
    },
    /// All singular values of the matrix in the payload.
    Spectrum {
        /// Where to compute: `cpu`, `cuda:0`.
        device: String,
        /// Rows of the matrix.
        rows: usize,
        /// Columns of the matrix.
        columns: usize,
    },
    /// Statistics of the parameters of a TorchScript file. Loading one may run code in it.
    Statistics {
        /// The file.
        path: String,
    },
    /// The elements of one parameter of a TorchScript file, as payload. Loading one may run code in it.
    Parameter {
        /// The file.
        path: String,
        /// Name of the parameter.
        name: String,
    },
    /// Runs `forward` of a TorchScript file. This runs the code in it.
    Forward {
        /// The file.
        path: String,
        /// Where to run.
        device: String,
        /// Inputs, drawn from a normal distribution (integers: zeros and ones).
        inputs: Vec<Input>,
        /// Times to run after the first.
        runs: usize,
    },
}

/// An input of a forward pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Sizes.
    pub shape: Vec<i64>,
    /// torch's name of the dtype.
    pub dtype: String,
}

/// An answer of the helper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// To [`Request::Hello`].
    Hello {
        /// The protocol the helper speaks.
        protocol: u32,
        /// Version of the package the helper is from.
        version: String,
        /// Version of libtorch it was built against.
        torch: String,
        /// Devices, `cpu` first.
        devices: Vec<String>,
        /// Threads libtorch computes with on the CPU.
        threads: usize,
    },
    /// To [`Request::Spectrum`]: singular values, largest first, as payload.
    Spectrum,
    /// To [`Request::Statistics`].
    Statistics {
        /// One for each parameter.
        parameters: Vec<Parameter>,
    },
    /// To [`Request::Parameter`]: elements as payload.
    Parameter,
    /// To [`Request::Forward`].
    Forward {
        /// One for each tensor of the output, in order.
        outputs: Vec<Parameter>,
        /// Seconds each run took; the first one includes what libtorch compiles on the way.
        seconds: Vec<f64>,
    },
    /// It could not be done.
    Failed {
        /// Why, in libtorch's words.
        reason: String,
        /// There was not enough memory on the device.
        out_of_memory: bool,
    },
}

/// A tensor in numbers. Those that are not finite are left out of all but the counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name; of an output, its place.
    pub name: String,
    /// torch's name of the dtype.
    pub dtype: String,
    /// Sizes.
    pub shape: Vec<i64>,
    /// Elements that are NaN.
    pub nan: u64,
    /// Infinite elements.
    pub inf: u64,
    /// Elements that are zero.
    pub zeros: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation, unbiased.
    pub std: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct Framed<T> {
    #[serde(flatten)]
    message: T,
    #[serde(default)]
    payload: u64,
}

/// Writes a message and its payload.
///
/// # Errors
/// Whatever writing finds.
pub fn write<T: Serialize>(to: &mut impl Write, message: &T, payload: &[f64]) -> io::Result<()> {
    let framed = Framed { message, payload: payload.len() as u64 * 8 };
    serde_json::to_writer(&mut *to, &framed)?;
    to.write_all(b"\n")?;
    for number in payload {
        to.write_all(&number.to_le_bytes())?;
    }
    to.flush()
}

/// Reads a message and its payload; `None` at the end of the stream.
///
/// # Errors
/// `InvalidData` for what is no message, `UnexpectedEof` when the stream ends inside one.
pub fn read<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Option<(T, Vec<f64>)>> {
    let mut line = Vec::new();
    from.by_ref().take(LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    let framed: Framed<T> = serde_json::from_slice(&line)?;
    if framed.payload > PAYLOAD || !framed.payload.is_multiple_of(8) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a payload of an impossible length"));
    }
    // Grows as bytes arrive: a length alone allocates nothing.
    let mut numbers = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    let mut left = framed.payload;
    while left > 0 {
        let part = chunk.get_mut(..left.min(64 << 10) as usize).unwrap_or_default();
        from.read_exact(part)?;
        let (words, _) = part.as_chunks::<8>();
        numbers.extend(words.iter().map(|word| f64::from_le_bytes(*word)));
        left -= part.len() as u64;
    }
    Ok(Some((framed.message, numbers)))
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // bits go through unchanged
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_as_they_were_sent() {
        let mut pipe = Vec::new();
        let first = Request::Spectrum { device: "cpu".to_owned(), rows: 2, columns: 1 };
        write(&mut pipe, &first, &[1.5, -0.0]).unwrap();
        write(&mut pipe, &Request::Hello { protocol: VERSION }, &[]).unwrap();
        let mut pipe = pipe.as_slice();
        assert_eq!(read::<Request>(&mut pipe).unwrap().unwrap(), (first, vec![1.5, -0.0]));
        let second = read::<Request>(&mut pipe).unwrap().unwrap();
        assert_eq!(second, (Request::Hello { protocol: VERSION }, vec![]));
        assert!(read::<Request>(&mut pipe).unwrap().is_none());
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        for bad in ["{\"op\":\"hello\"}\n", "nonsense\n", "{\"op\":\"hello\",\"protocol\":1,\"payload\":7}\n"]
        {
            assert!(read::<Request>(&mut bad.as_bytes()).is_err(), "{bad}");
        }
        let short = "{\"op\":\"hello\",\"protocol\":1,\"payload\":18446744073709551608}\n";
        assert!(read::<Request>(&mut short.as_bytes()).is_err());
        let cut = "{\"op\":\"hello\",\"protocol\":1,\"payload\":8000000000}\n1234";
        assert!(read::<Request>(&mut cut.as_bytes()).is_err());
    }
}
