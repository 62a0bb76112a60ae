/// `Debug` that tells the type and nothing of a patient.
macro_rules! silent {
    ($($name:ident),* $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), " ‹redacted›"))
            }
        }
    )*};
}
pub(crate) use silent;
