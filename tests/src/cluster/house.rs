/// A facility as it is set up. All are invented, with the names and numbers of `musubi demo-data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct House {
    /// Name of the node's folder in a test.
    pub word: &'static str,
    /// Ten digits.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// As in `--class`.
    pub class: &'static str,
    /// As in `--preset`.
    pub preset: &'static str,
}

impl House {
    /// Who gives its patient numbers.
    pub fn authority(&self) -> String {
        format!("1.2.392.100495.20.3.51.1{}", self.id)
    }
}

/// 気仙: the hospital, a founder, which also relays for others.
pub const HOSPITAL: House =
    House { word: "hospital", id: "9903100017", name: "潮見浦総合病院", class: "hospital", preset: "hospital" };
/// 気仙: a clinic that joins.
pub const CLINIC: House =
    House {
        word: "clinic", id: "9903100025", name: "椿ヶ浜内科クリニック", class: "clinic", preset: "clinic"
    };
/// 気仙: a pharmacy, a founder.
pub const PHARMACY: House =
    House { word: "pharmacy", id: "9903400011", name: "なぎさ調剤薬局", class: "pharmacy", preset: "clinic" };
/// 気仙: a house for care.
pub const OFFICE: House = House {
    word: "care",
    id: "9903900010",
    name: "うみかぜ訪問看護・居宅介護支援センター",
    class: "care",
    preset: "clinic",
};
/// 仙台: the hospital of the other network.
pub const HOSPITAL_SENDAI: House =
    House { word: "sendai", id: "9904100016", name: "杜都台総合病院", class: "hospital", preset: "hospital" };
