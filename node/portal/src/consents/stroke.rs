//! A signature on a tablet: the points that a browser sent, read as numbers and drawn by us. Nothing of the browser's text is kept.
use std::fmt::Write;

/// The drawing of a signature; none if there is none: fewer points than a name needs, or no numbers.
pub fn drawing(text: &str) -> Option<String> {
    if text.len() > STROKE_BYTES_MAX {
        return None;
    }
    let mut lines = Vec::new();
    let mut points = 0;
    for stroke in text.split(';').filter(|stroke| !stroke.is_empty()).take(STROKES_MAX) {
        let line: Vec<(u16, u16)> = stroke.split(' ').map(point).collect::<Option<_>>()?;
        points += line.len();
        lines.push(line);
    }
    if !(POINTS_MIN..=POINTS_MAX).contains(&points) {
        return None;
    }
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 400\" fill=\"none\" stroke=\"#111\" stroke-width=\"5\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\">",
    );
    for line in lines {
        let points: Vec<String> = line.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let _ = write!(out, "<polyline points=\"{}\"/>", points.join(" "));
    }
    out.push_str("</svg>");
    Some(out)
}

fn point(text: &str) -> Option<(u16, u16)> {
    let (x, y) = text.split_once(',')?;
    let number = |text: &str, max| text.parse::<u16>().ok().filter(|number| *number <= max);
    Some((number(x, WIDTH)?, number(y, HEIGHT)?))
}

const WIDTH: u16 = 1_000;
const HEIGHT: u16 = 400;
/// The points of a long name, slowly written.
const POINTS_MAX: usize = 6_000;
/// A dot is no signature.
const POINTS_MIN: usize = 8;
const STROKES_MAX: usize = 400;
const STROKE_BYTES_MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_72_a_stroke_is_numbers_and_nothing_of_the_browser_stands_in_its_drawing() {
        let good = "0,0 10,10 20,5 30,9;500,200 510,210 520,220 1000,400";
        let drawn = drawing(good).expect("a signature");
        assert!(drawn.contains("points=\"0,0 10,10 20,5 30,9\"") && drawn.ends_with("</svg>"));
        let odd = [
            "",
            "1,1 2,2",
            "\"/><script>alert(1)</script>",
            "1,1 2,2 3,3 4,4 5,5 6,6 7,7 8,x",
            "1,1 2,2 3,3 4,4 5,5 6,6 7,7 8,401",
        ];
        for text in odd {
            assert_eq!(drawing(text), None, "{text}");
        }
        assert_eq!(drawing(&"1,1 ".repeat(40_000)), None, "too long");
    }
}
