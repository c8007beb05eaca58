//! Which IP addresses a webhook may be sent to.
//!
//! Pure judgement of one address; where it came from (a name, a literal, an odd spelling) is the guard's business, which asks about the address
//! that is dialled. Refusing is the default for IPv6: of it only 2000::/3, less its special ranges, is public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What kind of place an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On the public Internet.
    Public,
    /// In somebody's own network: an operator may well mean it.
    Private,
    /// Loopback, link-local, reserved, or another spelling of these: nothing that a name on the Internet should resolve to.
    Forbidden,
    /// Answers with the machine's credentials: opened one address at a time only.
    Metadata,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// Addresses on which clouds hand out credentials (AWS, ECS, EKS, Alibaba, Oracle, Azure).
pub const METADATA_V4: [Ipv4Net; 6] = [
    v4(169, 254, 169, 254, 32),
    v4(169, 254, 170, 2, 32),
    v4(169, 254, 170, 23, 32),
    v4(100, 100, 100, 200, 32),
    v4(192, 0, 0, 192, 32),
    v4(168, 63, 129, 16, 32),
];

/// The same in IPv6 (AWS, EKS, Google).
pub const METADATA_V6: [Ipv6Net; 3] = [
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128),
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128),
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128),
];

/// RFC 1918 and carrier-grade NAT (RFC 6598).
pub const PRIVATE_V4: [Ipv4Net; 4] = [v4(10, 0, 0, 0, 8), v4(172, 16, 0, 0, 12), v4(192, 168, 0, 0, 16), v4(100, 64, 0, 0, 10)];

/// Unique local (RFC 4193) and the old site-local addresses.
pub const PRIVATE_V6: [Ipv6Net; 2] = [v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10)];

/// This network, loopback, link-local, protocol assignments, documentation, 6to4 relays, benchmarks, multicast, class E and broadcast.
pub const FORBIDDEN_V4: [Ipv4Net; 11] = [
    v4(0, 0, 0, 0, 8),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// What IANA has given out as global unicast (RFC 4291); all else in IPv6 is refused.
pub const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// The special ranges inside [`GLOBAL_V6`]: IETF assignments with Teredo, documentation twice, 6to4.
pub const FORBIDDEN_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
];

/// NAT64 (RFC 6052): leads to the IPv4 address in its last 32 bits, and is judged by it.
pub const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

/// What kind of place `ip` is. An IPv4 address mapped into IPv6, or behind NAT64, is judged as the IPv4 address it leads to.
#[must_use]
pub fn reach(ip: IpAddr) -> Reach {
    match ip.to_canonical() {
        IpAddr::V4(ip) => reach_v4(ip),
        IpAddr::V6(ip) if NAT64.contains(&ip) => reach_v4(embedded_v4(ip)),
        IpAddr::V6(ip) => reach_v6(ip),
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    let within = |ranges: &[Ipv4Net]| ranges.iter().any(|range| range.contains(&ip));
    if within(&METADATA_V4) {
        Reach::Metadata
    } else if within(&FORBIDDEN_V4) {
        Reach::Forbidden
    } else if within(&PRIVATE_V4) {
        Reach::Private
    } else {
        Reach::Public
    }
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    let within = |ranges: &[Ipv6Net]| ranges.iter().any(|range| range.contains(&ip));
    if within(&METADATA_V6) {
        Reach::Metadata
    } else if within(&PRIVATE_V6) {
        Reach::Private
    } else if GLOBAL_V6.contains(&ip) && !within(&FORBIDDEN_V6) {
        Reach::Public
    } else {
        Reach::Forbidden
    }
}

fn embedded_v4(ip: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = ip.octets();
    Ipv4Addr::new(a, b, c, d)
}

/// The ranges that the operator opened for webhooks (`PAPO_WEBHOOK_ALLOW`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(Vec<IpNet>);

/// An entry of the list is neither an address nor a CIDR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{entry:?} is neither an IP address nor a range such as 10.0.0.0/8")]
pub struct BadAllowEntry {
    /// The entry as it was written.
    pub entry: String,
}

impl FromStr for AllowList {
    type Err = BadAllowEntry;

    /// Comma-separated CIDRs; a bare address stands for itself alone.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let parsed = entries.map(|entry| {
            let range = entry.parse::<IpNet>().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from));
            range.map_err(|_neither| BadAllowEntry { entry: entry.to_owned() })
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }
}

impl From<Vec<IpNet>> for AllowList {
    fn from(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }
}

impl AllowList {
    /// Whether an entry opens `ip`: by containing it, or, for a metadata address, by naming exactly it.
    #[must_use]
    pub fn opens(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let metadata = reach(ip) == Reach::Metadata;
        self.0.iter().any(|range| range.contains(&ip) && (!metadata || range.prefix_len() == range.max_prefix_len()))
    }

    /// Whether a webhook may be sent to `ip`.
    #[must_use]
    pub fn permits(&self, ip: IpAddr) -> bool {
        reach(ip) == Reach::Public || self.opens(ip)
    }

    /// Of the addresses that a name resolved to, those that may be dialled, in their order.
    ///
    /// Merely private ones are left out; a forbidden or metadata address among them is a sign of a rebinding attack and leaves nothing.
    #[must_use]
    pub fn dialable<T>(&self, candidates: impl IntoIterator<Item = T>, ip: impl Fn(&T) -> IpAddr) -> Vec<T> {
        let mut kept = Vec::new();
        for candidate in candidates {
            let address = ip(&candidate);
            match reach(address) {
                _ if self.permits(address) => kept.push(candidate),
                Reach::Private => {}
                Reach::Public | Reach::Forbidden | Reach::Metadata => return Vec::new(),
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allow(text: &str) -> AllowList {
        text.parse().expect("a list")
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// Every range with its verdict: the table that the edges are drawn from.
    fn ranges() -> Vec<(IpNet, Reach)> {
        let v4 = [(&METADATA_V4[..], Reach::Metadata), (&PRIVATE_V4[..], Reach::Private), (&FORBIDDEN_V4[..], Reach::Forbidden)];
        let v6 = [(&METADATA_V6[..], Reach::Metadata), (&PRIVATE_V6[..], Reach::Private), (&FORBIDDEN_V6[..], Reach::Forbidden)];
        let v4 = v4.into_iter().flat_map(|(nets, reach)| nets.iter().map(move |net| (IpNet::V4(*net), reach)));
        let v6 = v6.into_iter().flat_map(|(nets, reach)| nets.iter().map(move |net| (IpNet::V6(*net), reach)));
        v4.chain(v6).collect()
    }

    fn number(ip: IpAddr) -> u128 {
        match ip {
            IpAddr::V4(ip) => u128::from(ip.to_bits()),
            IpAddr::V6(ip) => ip.to_bits(),
        }
    }

    fn like(family: IpAddr, number: u128) -> Option<IpAddr> {
        match family {
            IpAddr::V4(_) => u32::try_from(number).ok().map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
            IpAddr::V6(_) => Some(IpAddr::V6(Ipv6Addr::from_bits(number))),
        }
    }

    #[test]
    fn both_edges_of_every_range_are_inside_and_their_neighbours_are_judged_by_their_own_range() {
        for (range, expected) in ranges() {
            for inside in [range.network(), range.broadcast()] {
                let most_specific = ranges()
                    .iter()
                    .filter(|(other, _)| other.contains(&inside))
                    .max_by_key(|(other, _)| other.prefix_len())
                    .map(|found| found.1);
                assert_eq!(Some(reach(inside)), most_specific, "{inside} in {range}");
                assert_ne!(reach(inside), Reach::Public, "{inside} in {range}, {expected:?}");
            }
            let below = number(range.network()).checked_sub(1).and_then(|n| like(range.network(), n));
            let above = number(range.broadcast()).checked_add(1).and_then(|n| like(range.network(), n));
            for outside in below.into_iter().chain(above) {
                let covered = ranges().iter().any(|(other, _)| other.contains(&outside));
                let global = outside.is_ipv4()
                    || GLOBAL_V6.contains(&match outside {
                        IpAddr::V6(ip) => ip,
                        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                    });
                assert_eq!(reach(outside) == Reach::Public, !covered && global, "{outside} beside {range}");
            }
        }
    }

    #[test]
    fn well_known_addresses_are_judged_as_they_should() {
        for (text, expected) in [
            ("8.8.8.8", Reach::Public),
            ("172.32.0.1", Reach::Public),
            ("100.128.0.0", Reach::Public),
            ("2606:4700:4700::1111", Reach::Public),
            ("2001:200::1", Reach::Public),
            ("64:ff9b::8.8.8.8", Reach::Public),
            ("::ffff:8.8.8.8", Reach::Public),
            ("64:ff9b::127.0.0.1", Reach::Forbidden),
            ("64:ff9b::10.0.0.1", Reach::Private),
            ("64:ff9b::169.254.169.254", Reach::Metadata),
            ("64:ff9b:1::8.8.8.8", Reach::Forbidden),
            ("::ffff:127.0.0.1", Reach::Forbidden),
            ("::ffff:169.254.169.254", Reach::Metadata),
            ("::127.0.0.1", Reach::Forbidden),
            ("::8.8.8.8", Reach::Forbidden),
            ("::ffff:0:8.8.8.8", Reach::Forbidden),
            ("2002:7f00:1::", Reach::Forbidden),
            ("2001:0:1::", Reach::Forbidden),
            ("::", Reach::Forbidden),
            ("::1", Reach::Forbidden),
            ("fe80::1", Reach::Forbidden),
            ("ff02::1", Reach::Forbidden),
            ("100::1", Reach::Forbidden),
            ("5f00::1", Reach::Forbidden),
            ("fd12:3456::1", Reach::Private),
            ("fd00:ec2::254", Reach::Metadata),
            ("255.255.255.255", Reach::Forbidden),
            ("168.63.129.16", Reach::Metadata),
        ] {
            assert_eq!(reach(ip(text)), expected, "{text}");
        }
    }

    #[test]
    fn an_entry_opens_what_it_contains_but_a_metadata_address_only_by_naming_it() {
        let list = allow("127.0.0.0/8, 169.254.0.0/16,10.1.2.3 ,fd00::/8");
        for (text, permitted) in [
            ("127.0.0.1", true),
            ("::ffff:127.9.9.9", true),
            ("::1", false),
            ("169.254.1.1", true),
            ("169.254.169.254", false),
            ("10.1.2.3", true),
            ("10.1.2.4", false),
            ("fd00::1", true),
            ("fd00:ec2::254", false),
            ("64:ff9b::127.0.0.1", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(list.permits(ip(text)), permitted, "{text}");
        }
        assert!(allow("169.254.169.254/32").permits(ip("169.254.169.254")));
        assert!(!allow("169.254.169.254/31").permits(ip("169.254.169.254")));
        assert!(allow("fd00:ec2::254").permits(ip("fd00:ec2::254")));
        assert!(!allow("0.0.0.0/0,::/0").permits(ip("64:ff9b::169.254.169.254")));
        assert_eq!("10.0.0.0/40".parse::<AllowList>(), Err(BadAllowEntry { entry: "10.0.0.0/40".to_owned() }));
        assert_eq!("".parse::<AllowList>(), Ok(AllowList::default()));
    }

    #[test]
    fn a_forbidden_address_among_public_ones_leaves_nothing_to_dial() {
        let dialable = |texts: &[&str], list: &str| allow(list).dialable(texts.iter().map(|text| ip(text)), |address| *address);
        assert_eq!(dialable(&["8.8.8.8", "10.0.0.1"], ""), [ip("8.8.8.8")]);
        assert_eq!(dialable(&["8.8.8.8", "127.0.0.1"], ""), Vec::<IpAddr>::new());
        assert_eq!(dialable(&["8.8.8.8", "127.0.0.1"], "127.0.0.1"), [ip("8.8.8.8"), ip("127.0.0.1")]);
        assert_eq!(dialable(&["10.0.0.1"], ""), Vec::<IpAddr>::new());
    }

    proptest! {
        #[test]
        fn no_spelling_of_an_ipv4_address_reaches_further_than_itself(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let plain = reach(IpAddr::V4(v4));
            prop_assert_eq!(reach(IpAddr::V6(v4.to_ipv6_mapped())), plain);
            let nat64 = Ipv6Addr::from_bits(NAT64.network().to_bits() | u128::from(bits));
            prop_assert_eq!(reach(IpAddr::V6(nat64)), plain);
            let sixtofour = Ipv6Addr::from_bits((0x2002_u128 << 112) | (u128::from(bits) << 80));
            prop_assert_eq!(reach(IpAddr::V6(sixtofour)), Reach::Forbidden);
            prop_assert_ne!(reach(IpAddr::V6(Ipv6Addr::from_bits(u128::from(bits)))), Reach::Public);
        }

        #[test]
        fn nothing_outside_the_global_range_is_public(bits: u128) {
            let ip = Ipv6Addr::from_bits(bits);
            let mapped = ip.to_ipv4_mapped().is_some() || NAT64.contains(&ip);
            prop_assert!(GLOBAL_V6.contains(&ip) || mapped || reach(IpAddr::V6(ip)) != Reach::Public);
        }
    }
}
