use super::*;

const SIZE: (usize, usize) = (240, 320);

fn shown(subject: &Subject, scene: &Scene) -> Picture {
    render(subject, scene, SIZE.0, SIZE.1)
}

/// No noise and a fixed exposure, so that only what the test changes changes.
fn still() -> Scene {
    let camera = Camera {
        noise: 0.0,
        exposure: Some(0.6),
        ..Camera::default()
    };
    Scene {
        camera,
        ..Scene::default()
    }
}

/// Mean of a channel in a box of fractions of the picture: left, top, right, bottom.
fn mean(picture: &Picture, channel: usize, [left, top, right, bottom]: [f32; 4]) -> f32 {
    let columns = |share: f32| (share * picture.width as f32) as usize;
    let rows = |share: f32| (share * picture.height as f32) as usize;
    let (mut sum, mut count) = (0.0, 0.0);
    for y in rows(top)..rows(bottom) {
        for x in columns(left)..columns(right) {
            sum += f32::from(picture.rgb[(y * picture.width + x) * 3 + channel]);
            count += 1.0;
        }
    }
    sum / count
}

/// Share of bytes that differ by more than sensor noise.
fn difference(one: &Picture, other: &Picture) -> f32 {
    let differ = one
        .rgb
        .iter()
        .zip(&other.rgb)
        .filter(|(a, b)| a.abs_diff(**b) > 6)
        .count();
    differ as f32 / one.rgb.len() as f32
}

const FACE: [f32; 4] = [0.4, 0.38, 0.6, 0.56];
const EYES: [f32; 4] = [0.36, 0.41, 0.64, 0.47];
const WALL: [f32; 4] = [0.0, 0.0, 0.15, 0.3];

#[test]
fn the_same_seed_is_the_same_picture() {
    let again = shown(&Subject::from_seed(3), &Scene::default());
    assert_eq!(shown(&Subject::from_seed(3), &Scene::default()), again);
    assert!(difference(&shown(&Subject::from_seed(4), &Scene::default()), &again) > 0.3);
}

#[test]
fn every_pose_and_expression_shows() {
    let subject = Subject::from_seed(1);
    let neutral = shown(&subject, &still());
    let rest = Pose::default();
    let posed = |pose| Scene { pose, ..still() };
    let scenes = [
        (
            Scene {
                blink: 1.0,
                ..still()
            },
            0.001,
        ),
        (
            Scene {
                mouth: 0.6,
                ..still()
            },
            0.01,
        ),
        (
            posed(Pose {
                yaw_deg: 25.0,
                ..rest
            }),
            0.1,
        ),
        (
            posed(Pose {
                yaw_deg: -25.0,
                ..rest
            }),
            0.1,
        ),
        (
            posed(Pose {
                pitch_deg: 18.0,
                ..rest
            }),
            0.1,
        ),
        (
            posed(Pose {
                roll_deg: 10.0,
                ..rest
            }),
            0.1,
        ),
        (posed(Pose { scale: 1.2, ..rest }), 0.1),
        (
            posed(Pose {
                shift_x: 0.05,
                ..rest
            }),
            0.1,
        ),
    ];
    for (scene, least) in scenes {
        let share = difference(&neutral, &shown(&subject, &scene));
        assert!(share > least, "{scene:?} differs in {share}");
    }
}

#[test]
fn closed_eyes_show_skin() {
    let subject = Subject::from_seed(4);
    // The blue of white eyes goes when skin covers them.
    let spread = |scene: &Scene| {
        let picture = shown(&subject, scene);
        let whole = mean(&picture, 2, EYES);
        let step = 0.01;
        (0..28_u8)
            .map(|i| {
                let left = EYES[0] + step * f32::from(i);
                (mean(&picture, 2, [left, EYES[1], left + step, EYES[3]]) - whole).abs()
            })
            .fold(0.0, f32::max)
    };
    let closed = Scene {
        blink: 1.0,
        ..still()
    };
    assert!(spread(&still()) > 1.15 * spread(&closed));
}

#[test]
fn own_left_is_the_pictures_right() {
    let subject = Subject::from_seed(5);
    // Where the mouth is: the mean column of what changes when it opens, as a share of the width.
    let mouth_at = |yaw_deg| {
        let pose = Pose {
            yaw_deg,
            ..Pose::default()
        };
        let closed = shown(&subject, &Scene { pose, ..still() });
        let open = shown(
            &subject,
            &Scene {
                pose,
                mouth: 0.5,
                ..still()
            },
        );
        let (mut sum, mut count) = (0.0, 0.0);
        for (index, (a, b)) in closed.rgb.iter().zip(&open.rgb).enumerate() {
            if a.abs_diff(*b) > 40 {
                sum += (index / 3 % SIZE.0) as f32;
                count += 1.0;
            }
        }
        sum / count / SIZE.0 as f32
    };
    let (right, middle, left) = (mouth_at(-30.0), mouth_at(0.0), mouth_at(30.0));
    assert!((middle - 0.5).abs() < 0.02, "{middle}");
    assert!(
        left > middle + 0.08 && right < middle - 0.08,
        "{right} {middle} {left}"
    );
}

#[test]
fn a_nod_lowers_the_nose_and_positive_roll_is_clockwise() {
    let chin = Turn::new(&Pose {
        pitch_deg: 20.0,
        ..Pose::default()
    })
    .apply(v3(0.0, -0.5, 1.4));
    assert!(chin.y < -0.8, "{chin:?}");
    let crown = Turn::new(&Pose {
        roll_deg: 20.0,
        ..Pose::default()
    })
    .apply(v3(0.0, 1.5, 0.0));
    assert!(crown.x > 0.5, "{crown:?}");
}

#[test]
fn screen_light_colours_the_face_more_than_the_wall() {
    let subject = Subject::from_seed(6);
    let lit = |screen: [f32; 3]| {
        let light = Lighting {
            screen,
            ..Lighting::default()
        };
        shown(&subject, &Scene { light, ..still() })
    };
    let (dark, red) = (lit([0.0; 3]), lit([0.6, 0.0, 0.0]));
    let gain = |area| mean(&red, 0, area) - mean(&dark, 0, area);
    assert!(gain(FACE) > 15.0, "face {}", gain(FACE));
    assert!(gain(WALL) < gain(FACE) / 2.0, "wall {}", gain(WALL));
    let green = mean(&red, 1, FACE) - mean(&dark, 1, FACE);
    assert!(green.abs() < 3.0, "green {green}");
}

#[test]
fn auto_exposure_evens_out_the_ambient_light() {
    let subject = Subject::from_seed(7);
    let bright = |ambient, exposure| {
        let light = Lighting {
            ambient,
            key: 0.3 * ambient,
            screen: [0.0; 3],
            ..Lighting::default()
        };
        let camera = Camera {
            exposure,
            noise: 0.0,
            ..Camera::default()
        };
        mean(
            &shown(
                &subject,
                &Scene {
                    light,
                    camera,
                    ..Scene::default()
                },
            ),
            1,
            FACE,
        )
    };
    assert!((bright(0.3, None) - bright(1.2, None)).abs() < 3.0);
    let (bright_room, dim_room) = (bright(1.2, Some(1.0)), bright(0.3, Some(1.0)));
    assert!(bright_room > dim_room + 30.0, "{bright_room} {dim_room}");
}

#[test]
fn noise_has_its_deviation_and_changes_with_its_seed() {
    let subject = Subject::from_seed(8);
    let noisy = |noise, noise_seed| {
        let camera = Camera {
            noise,
            noise_seed,
            ..still().camera
        };
        shown(&subject, &Scene { camera, ..still() })
    };
    let (clean, one, two) = (noisy(0.0, 1), noisy(3.0, 1), noisy(3.0, 2));
    assert_ne!(one, two);
    let squares: f32 = clean
        .rgb
        .iter()
        .zip(&one.rgb)
        .map(|(a, b)| f32::from(a.abs_diff(*b)).powi(2))
        .sum();
    let deviation = (squares / clean.rgb.len() as f32).sqrt();
    assert!((2.5..3.5).contains(&deviation), "{deviation}");
}

#[test]
fn any_size_of_picture_is_rendered() {
    let subject = Subject::from_seed(9);
    for (width, height) in [(1, 1), (2, 3), (33, 44), (640, 480)] {
        assert_eq!(
            render(&subject, &Scene::default(), width, height).rgb.len(),
            width * height * 3
        );
    }
}
