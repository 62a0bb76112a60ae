use crate::i18n::{Key, Words};
use protocol::audit::What;

/// What happened, in words.
pub fn what_word(words: &Words, what: What) -> String {
    words.get(match what {
        What::NodeSetUp => Key::LogNodeSetUp,
        What::ConsentGiven => Key::LogConsentGiven,
        What::ConsentWithdrawn => Key::LogConsentWithdrawn,
        What::EntryPublished => Key::LogEntryPublished,
        What::EntryRemoved => Key::LogEntryRemoved,
        What::Requested => Key::DeedAsked,
        What::Decided => Key::LogDecided,
        What::Answered => Key::DeedGave,
        What::Received => Key::DeedGot,
        What::Shown => Key::LogShown,
        What::Receipted => Key::LogReceipted,
        What::Dropped => Key::DeedDropped,
        What::LinkMade => Key::LogLinkMade,
        What::LinkUndone => Key::LogLinkUndone,
        What::LinkAsked => Key::LogLinkAsked,
        What::MemberAdmitted => Key::LogMemberAdmitted,
        What::MemberRevoked => Key::LogMemberRevoked,
        What::AccordSigned => Key::LogAccordSigned,
        What::KeyChanged => Key::LogKeyChanged,
        What::InviteMade => Key::LogInviteMade,
        What::JoinAsked => Key::LogJoinAsked,
        What::StateAccepted => Key::LogStateAccepted,
        What::FeedScanned => Key::LogFeedScanned,
        What::Quarantined => Key::LogQuarantined,
        What::PatientFound => Key::DeedFound,
        What::ConfigChanged => Key::LogConfigChanged,
        What::ForkSeen => Key::LogForkSeen,
        What::Restored => Key::LogRestored,
        What::Alarm => Key::LogAlarm,
        What::PatientErased => Key::LogPatientErased,
        What::LoggedIn => Key::LogLoggedIn,
        What::LoginRefused => Key::LogLoginRefused,
        What::LoggedOut => Key::LogLoggedOut,
        What::Exported => Key::LogExported,
    })
}
