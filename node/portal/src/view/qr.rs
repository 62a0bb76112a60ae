use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};

/// A QR code as a drawing of our own: black on white in every theme, with the quiet zone that cameras need. Nothing if the text
/// is too long for one.
pub fn qr(text: &str, label: &str, pixels: u32) -> Markup {
    // A long text takes the least correction, so that its squares stay large enough for a camera.
    let level = if text.len() > LONG { EcLevel::L } else { EcLevel::M };
    let Ok(code) = QrCode::with_error_correction_level(text.as_bytes(), level) else { return html! {} };
    let (width, colors) = (code.width(), code.to_colors());
    let dark = colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
    let mut path = String::new();
    for (at, _) in dark {
        path.push_str(&format!("M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET));
    }
    let size = width + 2 * QUIET;
    html! {
        svg role="img" aria-label=(label) width=(pixels) height=(pixels) viewBox=(format!("0 0 {size} {size}")) {
            path fill="#fff" d=(format!("M0 0h{size}v{size}H0z")) {}
            path fill="#000" d=(path) {}
        }
    }
}

/// White border of a QR code, in its own squares.
const QUIET: usize = 4;
/// From this length on a code is drawn with the least correction.
const LONG: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_every_dark_square_once() {
        let text = "otpauth://totp/x:d-1?secret=GEZDGNBVGY3TQOJQ&issuer=x";
        let dark = QrCode::new(text).expect("short").to_colors().iter().filter(|color| **color == Color::Dark).count();
        assert_eq!(qr(text, "label", 240).into_string().matches("h1v1h-1z").count(), dark);
        assert_eq!(qr(&"x".repeat(5_000), "label", 240).into_string(), "", "too long for one");
    }
}
