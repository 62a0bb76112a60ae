use serde::{Deserialize, Serialize};

/// What kind of machine this is: decides the defaults of memory and roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// A small office: 2 cores, 1 GB.
    #[default]
    Clinic,
    /// A hospital's server.
    Hospital,
    /// A network office that runs one node for many small members; relays for others.
    Hub,
    /// A member that only relays: no records, little memory.
    Relay,
}

impl Preset {
    /// The store's page cache in MiB.
    pub fn cache_mib(self) -> u64 {
        match self {
            Self::Clinic | Self::Relay => 16,
            Self::Hospital => 64,
            Self::Hub => 128,
        }
    }
    /// Connections at once.
    pub fn connections_max(self) -> u64 {
        match self {
            Self::Clinic => 128,
            Self::Hospital => 512,
            Self::Hub | Self::Relay => 2_048,
        }
    }
    /// Whether it relays for members without an inbound port.
    pub fn serves_relay(self) -> bool {
        matches!(self, Self::Hub | Self::Relay)
    }
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Clinic => "clinic",
            Self::Hospital => "hospital",
            Self::Hub => "hub",
            Self::Relay => "relay",
        }
    }
}
