use super::Key;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// 日本語
    #[default]
    Ja,
    /// English
    En,
}

impl Lang {
    /// Its tag in HTML and cookies.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }
    /// Reads what [`Lang::tag`] writes.
    pub fn parse(tag: &str) -> Option<Self> {
        [Self::Ja, Self::En].into_iter().find(|lang| lang.tag() == tag)
    }
    /// The other one, for the switch.
    pub fn other(self) -> Self {
        match self {
            Self::Ja => Self::En,
            Self::En => Self::Ja,
        }
    }
    /// Its own name.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::Ja => "日本語",
            Self::En => "English",
        }
    }
}

/// All words of one language.
pub struct Words {
    lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    /// The words of this language.
    pub fn of(lang: Lang) -> Self {
        let (source, tag) = match lang {
            Lang::Ja => (include_str!("ja.ftl"), "ja"),
            Lang::En => (include_str!("en.ftl"), "en"),
        };
        let mut bundle = FluentBundle::new_concurrent(tag.parse().into_iter().collect());
        bundle.set_use_isolating(false);
        // A line that cannot be read is left out; the test below finds it.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        let _ = bundle.add_resource(resource);
        Self { lang, bundle }
    }
    /// Which language.
    pub fn lang(&self) -> Lang {
        self.lang
    }
    /// The words under a key.
    pub fn get(&self, key: Key) -> String {
        self.format(key, None)
    }
    /// The words under a key, with values in them.
    pub fn with<'a>(&self, key: Key, values: &[(&'a str, FluentValue<'a>)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(*name, value.clone());
        }
        self.format(key, Some(&args))
    }
    fn format(&self, key: Key, args: Option<&FluentArgs<'_>>) -> String {
        let pattern = self.bundle.get_message(key.id()).and_then(|message| message.value());
        let mut errors = Vec::new();
        pattern.map_or_else(
            || key.id().to_owned(),
            |pattern| self.bundle.format_pattern(pattern, args, &mut errors).into_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn ids(source: &str) -> Vec<&str> {
        let is_message = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
        source.lines().filter(is_message).filter_map(|line| line.split_once('=')).map(|(id, _)| id.trim()).collect()
    }
    fn variables(source: &str, id: &str) -> BTreeSet<String> {
        let start = source.find(&format!("\n{id} =")).expect("the key is there") + 1;
        let rest = &source[start..];
        let end =
            rest.match_indices('\n').find(|(at, _)| !rest[at + 1..].starts_with(' ')).map_or(rest.len(), |(at, _)| at);
        let used = rest[..end].split('$').skip(1);
        used.map(|text| text.chars().take_while(char::is_ascii_alphanumeric).collect()).collect()
    }

    #[test]
    fn both_languages_have_every_key_and_no_other() {
        let keys: BTreeSet<&str> = Key::ALL.iter().map(|key| key.id()).collect();
        assert_eq!(keys.len(), Key::ALL.len(), "a key stands twice");
        for (lang, source) in [(Lang::Ja, include_str!("ja.ftl")), (Lang::En, include_str!("en.ftl"))] {
            assert!(FluentResource::try_new(source.to_owned()).is_ok(), "{lang:?}");
            let found = ids(source);
            assert_eq!(found.len(), found.iter().collect::<BTreeSet<_>>().len(), "{lang:?} has a key twice");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), keys, "{lang:?}");
        }
    }
    #[test]
    fn both_languages_use_the_same_values() {
        let (ja, en) = (include_str!("ja.ftl"), include_str!("en.ftl"));
        for key in Key::ALL {
            assert_eq!(variables(ja, key.id()), variables(en, key.id()), "{}", key.id());
        }
    }
    #[test]
    fn numbers_choose_the_plural() {
        let words = Words::of(Lang::En);
        assert_eq!(words.with(Key::ItemCount, &[("n", 1.into())]), "1 record");
        assert_eq!(words.with(Key::ItemCount, &[("n", 2.into())]), "2 records");
        assert_eq!(Words::of(Lang::Ja).with(Key::ItemCount, &[("n", 2.into())]), "2件");
    }
}
