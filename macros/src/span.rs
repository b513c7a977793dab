//! Where generated code says that it stands, which is where its mistakes are shown.

use proc_macro2::Span;
use syn::Type;
use syn::spanned::Spanned;

/// The place of these tokens, but with the derive's own names: an enum that a `macro_rules!` wrote
/// could not see `self` otherwise.
pub(crate) fn at(tokens: &impl Spanned) -> Span {
    tokens.span().resolved_at(Span::call_site())
}

/// The place of a type's last name, as in `gate::GateEvent`.
///
/// On stable Rust there is no span over several tokens.
pub(crate) fn at_type(ty: &Type) -> Span {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map_or_else(|| at(ty), |last| at(&last.ident)),
        Type::Group(group) => at_type(&group.elem),
        _ => at(ty),
    }
}
