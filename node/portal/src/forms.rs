//! Forms with choices of many and with a file in them. A form's token was checked before anything here is asked.
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures::stream;
use std::convert::Infallible;

/// What a form sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    pairs: Vec<(String, String)>,
    file: Option<Vec<u8>>,
}

impl Fields {
    /// The value of a field that stands once; a field that stands twice has none.
    pub fn one<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() { None } else { first }
    }
    /// As [`Fields::one`], without space around it; empty if there is none.
    pub fn text<'a>(&'a self, name: &'a str) -> &'a str {
        self.one(name).unwrap_or_default().trim()
    }
    /// All values of a field, as choices of many send them.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }
    /// Whether a box was ticked.
    pub fn is_on(&self, name: &str) -> bool {
        self.one(name).is_some_and(|value| !value.is_empty())
    }
    /// The file that came with it; an empty one is none.
    pub fn file(&self) -> Option<&[u8]> {
        self.file.as_deref().filter(|bytes| !bytes.is_empty())
    }
    /// From pairs, for tests and for forms filled by a page.
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self { pairs, file: None }
    }
    /// From a body as browsers send forms with files. Names of files are not looked at.
    ///
    /// # Errors
    /// Nothing: what cannot be read is `None`.
    pub async fn of_parts(headers: &HeaderMap, body: Bytes) -> Option<Self> {
        let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let boundary = multer::parse_boundary(kind).ok()?;
        let mut parts = multer::Multipart::new(stream::once(async { Ok::<_, Infallible>(body) }), boundary);
        let mut fields = Self::default();
        while let Some(part) = parts.next_field().await.ok()? {
            let name = part.name()?.to_owned();
            if part.file_name().is_some() {
                // Two files are one too many: nobody could say which was signed.
                let bytes = part.bytes().await.ok()?.to_vec();
                if fields.file.replace(bytes).is_some() {
                    return None;
                }
            } else {
                fields.pairs.push((name, part.text().await.ok()?));
            }
            if fields.pairs.len() > FIELDS_MAX {
                return None;
            }
        }
        Some(fields)
    }
    /// From a body as browsers send plain forms.
    fn of_plain(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let pairs: Vec<(String, String)> =
            text.split('&').filter(|pair| !pair.is_empty()).take(FIELDS_MAX + 1).map(pair_of).collect::<Option<_>>()?;
        (pairs.len() <= FIELDS_MAX).then_some(Self { pairs, file: None })
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = StatusCode;
    async fn from_request(request: Request, state: &S) -> Result<Self, StatusCode> {
        if let Some(fields) = request.extensions().get::<Self>() {
            return Ok(fields.clone());
        }
        let body = Bytes::from_request(request, state).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        Self::of_plain(&body).ok_or(StatusCode::BAD_REQUEST)
    }
}

fn pair_of(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    Some((plain(name)?, plain(value)?))
}

/// Text without the percent signs of a form.
fn plain(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                out.push(u8::try_from(high * 16 + low).ok()?);
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

/// Fields of one form: every member of a large network as a box, and some room.
const FIELDS_MAX: usize = 4_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_69_a_field_that_stands_twice_has_no_value() {
        let fields = Fields::of_plain("who=a&who=b&name=%E9%AB%98%E6%A9%8B+1&box=1&empty=".as_bytes()).expect("a form");
        assert_eq!(fields.one("who"), None);
        assert_eq!(fields.all("who").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(fields.text("name"), "高橋 1");
        assert!(fields.is_on("box") && !fields.is_on("empty") && !fields.is_on("nothing"));
        assert_eq!(Fields::of_plain(b"a=%zz"), None);
        assert_eq!(Fields::of_plain(b"a=%ff"), None, "no text");
        assert_eq!(Fields::of_plain("a=1&".repeat(FIELDS_MAX + 1).as_bytes()), None);
    }
    #[tokio::test]
    async fn a_form_with_a_file_is_read_and_a_second_file_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("multipart/form-data; boundary=XX"));
        let file = |name: &str| {
            format!("--XX\r\nContent-Disposition: form-data; name=\"scan\"; filename=\"{name}\"\r\n\r\n%PDF-1\r\n")
        };
        let field = "--XX\r\nContent-Disposition: form-data; name=\"kinds\"\r\n\r\nlab\r\n";
        let body = format!("{field}{}--XX--\r\n", file("../../etc/passwd"));
        let fields = Fields::of_parts(&headers, Bytes::from(body)).await.expect("a form");
        assert_eq!((fields.text("kinds"), fields.file()), ("lab", Some(&b"%PDF-1"[..])));
        let two = format!("{}{}--XX--\r\n", file("a"), file("b"));
        assert_eq!(Fields::of_parts(&headers, Bytes::from(two)).await, None);
        assert_eq!(Fields::of_parts(&headers, Bytes::from("no parts")).await, None);
    }
}
