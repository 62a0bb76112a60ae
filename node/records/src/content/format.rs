use serde::{Deserialize, Serialize};

macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident = $media:literal, $words:literal;)*) => {
        /// What a file is by its first bytes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Format { $($(#[$doc])* $name,)* }
        impl Format {
            /// Its media type.
            pub fn media_type(self) -> &'static str { match self { $(Self::$name => $media,)* } }
            /// In words.
            pub fn words(self) -> &'static str { match self { $(Self::$name => $words,)* } }
        }
    };
}

formats! {
    /// PDF.
    Pdf = "application/pdf", "PDF";
    /// HL7 CDA R2.
    Cda = "application/hl7-cda+xml", "HL7 CDA R2";
    /// Any other XML.
    Xml = "application/xml", "XML";
    /// HL7 v2.
    Hl7 = "application/hl7-v2", "HL7 v2";
    /// JPEG.
    Jpeg = "image/jpeg", "JPEG";
    /// PNG.
    Png = "image/png", "PNG";
    /// TIFF.
    Tiff = "image/tiff", "TIFF";
    /// GIF.
    Gif = "image/gif", "GIF";
    /// Windows bitmap.
    Bmp = "image/bmp", "BMP";
    /// DICOM.
    Dicom = "application/dicom", "DICOM";
    /// HTML.
    Html = "text/html", "HTML";
    /// ZIP, or an office document, which is one.
    Zip = "application/zip", "ZIP";
    /// Text.
    Text = "text/plain", "テキスト";
    /// Nothing in it.
    Empty = "application/x-empty", "空";
    /// Nothing that is known here.
    Unknown = "application/octet-stream", "形式不明";
}

/// The format by content; the name counts for nothing. Cost: linear in `start`.
pub fn format_of(start: &[u8]) -> Format {
    let signature = SIGNATURES.iter().find(|(bytes, _)| start.starts_with(bytes));
    if let Some((_, format)) = signature {
        return *format;
    }
    if start.is_empty() {
        return Format::Empty;
    }
    if start.get(128..132) == Some(b"DICM") {
        return Format::Dicom;
    }
    // Some programs write a line before `%PDF`; readers look within the first kibibyte.
    if start[..start.len().min(1024)].windows(5).any(|bytes| bytes == b"%PDF-") {
        return Format::Pdf;
    }
    let text = super::xml::text_of(start);
    let head = text.trim_start_matches(['\u{FEFF}', '\u{0B}']).trim_start();
    let lower: String = head.chars().take(64).collect::<String>().to_ascii_lowercase();
    if head.starts_with("MSH|") || head.starts_with("#SSMIX,") {
        Format::Hl7
    } else if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        Format::Html
    } else if head.starts_with("<?xml") || head.starts_with('<') {
        match super::xml::root(head).as_deref() {
            Some("ClinicalDocument") => Format::Cda,
            Some("html") => Format::Html,
            Some(_) => Format::Xml,
            None => Format::Text,
        }
    } else if start.iter().any(|b| matches!(b, 0..=8 | 14..=26 | 28..=31)) {
        Format::Unknown
    } else {
        Format::Text
    }
}

const SIGNATURES: &[(&[u8], Format)] = &[
    (b"%PDF-", Format::Pdf),
    (b"\xFF\xD8\xFF", Format::Jpeg),
    (b"\x89PNG\r\n\x1A\n", Format::Png),
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"BM", Format::Bmp),
    (b"PK\x03\x04", Format::Zip),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: Format) {
        assert_eq!(format_of(bytes), expect, "{:?}", String::from_utf8_lossy(bytes));
    }
    #[test]
    fn files_are_known_by_their_content() {
        check(b"%PDF-1.4\n", Format::Pdf);
        check(b"\n\n%PDF-1.7", Format::Pdf);
        check(b"\xFF\xD8\xFF\xE0", Format::Jpeg);
        check(b"\x89PNG\r\n\x1A\n....", Format::Png);
        check(b"MM\0*rest", Format::Tiff);
        check(&[vec![0; 128], b"DICM".to_vec()].concat(), Format::Dicom);
        check(b"MSH|^~\\&|HIS", Format::Hl7);
        check(b"<?xml version=\"1.0\"?><!-- c --><ClinicalDocument xmlns=\"urn:hl7-org:v3\">", Format::Cda);
        check(b"\xEF\xBB\xBF<?xml version=\"1.0\"?><x:ClinicalDocument>", Format::Cda);
        check(b"<?xml version=\"1.0\"?><report/>", Format::Xml);
        check(b"<!DOCTYPE html><p>", Format::Html);
        check("看護記録\r\n".as_bytes(), Format::Text);
        check(b"\x00\x01\x02", Format::Unknown);
        check(b"", Format::Empty);
    }
}
