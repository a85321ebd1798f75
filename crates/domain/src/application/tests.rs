use super::*;

fn contact() -> Contact {
    Contact {
        name: " 李四 ".to_owned(),
        mobile: Some("+86 138-0000-0000".to_owned()),
        email: "li@shop.example".to_owned(),
    }
}

fn form() -> Form {
    Form {
        business_name: " Shop Ltd ".to_owned(),
        scene: "Sign a lease\nonline".to_owned(),
        subject_type: SubjectType::MiniProgram,
        formal_name: "Shop".to_owned(),
        formal_app_id: "app_1".to_owned(),
        test_name: Some("Shop (test)".to_owned()),
        test_app_id: Some("app_2".to_owned()),
        daily_calls_average: 500,
        daily_people_average: None,
        peak_calls_per_minute: 120,
        average_calls_per_minute: 2,
        product_contact: contact(),
        developer_contact: contact(),
        our_contact: Some(Contact {
            mobile: None,
            ..contact()
        }),
    }
}

#[test]
fn a_whole_form_is_taken_and_trimmed() {
    let taken = form().check().unwrap();
    assert_eq!(taken.business_name, "Shop Ltd");
    assert_eq!(taken.product_contact.name, "李四");
    let least = Form {
        test_name: None,
        test_app_id: None,
        our_contact: None,
        ..form()
    };
    assert!(least.check().is_ok());
}

/// Changes one thing and names the fields that are refused.
fn refused(change: impl FnOnce(&mut Form)) -> Vec<String> {
    let mut form = form();
    change(&mut form);
    let faults = form.check().err().unwrap_or_default();
    for fault in &faults {
        assert!(fault.to_string().starts_with(&fault.field), "{fault}");
    }
    faults.into_iter().map(|fault| fault.field).collect()
}

type Change = fn(&mut Form);

fn check_each(rows: &[(&str, &[Change])]) {
    for (field, changes) in rows {
        for (index, change) in changes.iter().enumerate() {
            assert_eq!(refused(change), [*field], "change {index}");
        }
    }
}

#[test]
fn each_field_has_its_own_refusal() {
    check_each(&[
        (
            "business_name",
            &[
                |f| f.business_name = " ".into(),
                |f| f.business_name = "x".repeat(65),
            ],
        ),
        (
            "scene",
            &[|f| f.scene.clear(), |f| f.scene = "景".repeat(2001)],
        ),
        ("formal_name", &[|f| f.formal_name = "a\u{0}".into()]),
        (
            "test_name",
            &[
                |f| f.test_name = None,
                |f| f.test_name = Some(String::new()),
            ],
        ),
        (
            "test_app_id",
            &[
                |f| f.test_app_id = None,
                |f| f.test_app_id = Some("app_1".into()),
            ],
        ),
        (
            "daily_calls_average",
            &[
                |f| f.daily_calls_average = 0,
                |f| f.daily_calls_average = 100_000_001,
            ],
        ),
        (
            "peak_calls_per_minute",
            &[|f| f.peak_calls_per_minute = 100_000_001],
        ),
        (
            "average_calls_per_minute",
            &[
                |f| f.average_calls_per_minute = 121,
                |f| f.average_calls_per_minute = 0,
            ],
        ),
    ]);
}

#[test]
fn each_contact_has_its_own_refusal() {
    check_each(&[
        (
            "product_contact.name",
            &[|f| f.product_contact.name.clear()],
        ),
        (
            "product_contact.mobile",
            &[|f| f.product_contact.mobile = None],
        ),
        (
            "developer_contact.email",
            &[|f| f.developer_contact.email.clear()],
        ),
        (
            "developer_contact.mobile",
            &[|f| f.developer_contact.mobile = None],
        ),
        (
            "our_contact.email",
            &[|f| {
                if let Some(contact) = &mut f.our_contact {
                    contact.email = "x".into();
                }
            }],
        ),
    ]);
    let two = |f: &mut Form| {
        f.scene.clear();
        f.product_contact.email.clear();
    };
    assert_eq!(refused(two), ["scene", "product_contact.email"]);
}

#[test]
fn addresses_and_numbers() {
    for (text, fits) in [
        ("a@b.cn", true),
        ("a.b+c@x.y.example", true),
        ("a@b", false),
        ("@b.cn", false),
        ("a@b..cn", false),
        ("a b@c.cn", false),
        ("a@@b.cn", false),
        ("a@b.cn.", false),
    ] {
        assert_eq!(is_email(text), fits, "{text}");
    }
    assert!(!is_email(&format!("{}@b.cn", "a".repeat(250))));
    for (text, fits) in [
        ("13800000000", true),
        ("+8613800000000", true),
        ("010-1234 5678", true),
        ("12345", false),
        ("1234567890123456", false),
        ("1380000000a", false),
        ("138+0000000", false),
    ] {
        assert_eq!(is_mobile(text), fits, "{text}");
    }
}

#[test]
fn a_grant_follows_the_form_unless_somebody_says_otherwise() {
    let by_form = Grant::of(&form(), Wished::default(), 100).unwrap();
    let expected = Grant {
        minute_calls_max: 120,
        day_calls_max: None,
        calls_quota: 100,
    };
    assert_eq!(by_form, expected);
    let modest = Form {
        peak_calls_per_minute: 3,
        ..form()
    };
    let granted = Grant::of(&modest, Wished::default(), 100).unwrap();
    assert_eq!(granted.minute_calls_max, MINUTE_CALLS_LEAST);
    let wished = Wished {
        minute_calls_max: Some(5),
        day_calls_max: Some(1000),
        calls_quota: Some(7),
    };
    let granted = Grant::of(&form(), wished, 100).unwrap();
    let expected = Grant {
        minute_calls_max: 5,
        day_calls_max: Some(1000),
        calls_quota: 7,
    };
    assert_eq!(granted, expected);
    for wished in [
        Wished {
            minute_calls_max: Some(0),
            ..Wished::default()
        },
        Wished {
            day_calls_max: Some(0),
            ..Wished::default()
        },
        Wished {
            calls_quota: Some(100_000_001),
            ..Wished::default()
        },
    ] {
        assert!(Grant::of(&form(), wished, 100).is_err(), "{wished:?}");
    }
}

#[test]
fn names_are_read_back_and_reasons_are_demanded() {
    for kind in SubjectType::ALL {
        assert_eq!(SubjectType::from_name(kind.name()), Some(kind));
    }
    for state in ApplicationState::ALL {
        assert_eq!(ApplicationState::from_name(state.name()), Some(state));
    }
    assert_eq!(reason(" why "), Ok("why".to_owned()));
    assert!(reason("  ").is_err());
    assert!(reason(&"x".repeat(501)).is_err());
}
