//! What is to be rendered: pose, expression, light and camera, and the picture that results.

/// Where the head is and how it is turned. All zero with scale one is a neutral portrait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// Degrees; positive turns towards the subject's own left, which is the picture's right,
    /// because the picture is not mirrored.
    pub yaw_deg: f32,
    /// Degrees; positive lowers the chin, as in a nod.
    pub pitch_deg: f32,
    /// Degrees; positive tilts the head clockwise in the picture.
    pub roll_deg: f32,
    /// Shift to the picture's right, in picture widths.
    pub shift_x: f32,
    /// Shift down, in picture widths.
    pub shift_y: f32,
    /// Magnification of the lens; 1 fills about half of the picture's height with the head.
    pub scale: f32,
    /// From the camera, 1 about half a metre; nearer faces are larger and seen in steeper
    /// perspective, which magnification alone does not do.
    pub distance: f32,
}

impl Default for Pose {
    fn default() -> Self {
        Self {
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            shift_x: 0.0,
            shift_y: 0.0,
            scale: 1.0,
            distance: 1.0,
        }
    }
}

/// The light on the subject, in linear units: an ambient of 1 is an evenly lit room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lighting {
    /// From everywhere.
    pub ambient: f32,
    /// From one side, as of a window.
    pub key: f32,
    /// Where the key light stands: picture right, up, towards the camera.
    pub key_from: (f32, f32, f32),
    /// The device's screen, linear RGB as it falls on a face at the usual distance (Lambert, from
    /// a little below the camera, weaker with the square of the distance).
    pub screen: [f32; 3],
}

impl Default for Lighting {
    fn default() -> Self {
        Self {
            ambient: 0.55,
            key: 0.6,
            key_from: (-0.55, 0.5, 0.75),
            screen: [0.06, 0.06, 0.07],
        }
    }
}

/// The camera's own effects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Standard deviation of the sensor noise, in byte values.
    pub noise: f32,
    /// Changes the noise from frame to frame.
    pub noise_seed: u64,
    /// Softness of the lens, 0 to 1.
    pub blur: f32,
    /// Linear gain; `None` lets the camera choose by the brightness of the picture's middle.
    pub exposure: Option<f32>,
    /// Gains of red, green and blue beside the exposure: white balance.
    pub balance: [f32; 3],
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            noise: 2.0,
            noise_seed: 0,
            blur: 0.8,
            exposure: None,
            balance: [1.0; 3],
        }
    }
}

/// One moment before the camera.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scene {
    /// Head position and rotation.
    pub pose: Pose,
    /// 0 eyes open to 1 eyes closed.
    pub blink: f32,
    /// 0 mouth closed to 1 wide open.
    pub mouth: f32,
    /// Where the eyes look: picture right and up, -1 to 1.
    pub gaze: (f32, f32),
    /// Light.
    pub light: Lighting,
    /// Camera effects.
    pub camera: Camera,
    /// A plain wall of this linear colour instead of the subject's room, as in a photo studio.
    pub studio: Option<[f32; 3]>,
}

/// An RGB picture, three bytes a pixel, rows from the top, no padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}
