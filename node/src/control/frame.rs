use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, ErrorKind, Read, Write};

/// Writes one value.
pub fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let bytes = serde_json::to_vec(value).map_err(io::Error::from)?;
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= FRAME_BYTES_MAX);
    let length = length.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "longer than a frame may be"))?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&bytes)?;
    out.flush()
}

/// Reads one value.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > FRAME_BYTES_MAX {
        return Err(io::Error::new(ErrorKind::InvalidData, "longer than a frame may be"));
    }
    let mut bytes = Vec::new();
    // Grows with what comes, not with what was announced.
    from.take(length.into()).read_to_end(&mut bytes)?;
    if bytes.len() != length as usize {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_slice(&bytes).map_err(io::Error::from)
}

/// A timeline of ten thousand records as JSON and text is about 10 MiB.
const FRAME_BYTES_MAX: u32 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_survives_the_frame_and_a_cut_or_false_one_is_an_error() {
        let mut bytes = Vec::new();
        write(&mut bytes, &"結び").expect("written");
        assert_eq!(read::<String>(&mut bytes.as_slice()).expect("read"), "結び");
        for end in 0..bytes.len() {
            assert!(read::<String>(&mut &bytes[..end]).is_err(), "cut at {end}");
        }
        let mut huge = u32::MAX.to_be_bytes().to_vec();
        huge.extend(b"\"\"");
        assert!(read::<String>(&mut huge.as_slice()).is_err());
    }
}
