// Every word the capture page says, in English. Replace the table to change the words.

import type { Texts } from "./zh.ts";

/** The English table. */
export const en: Texts = {
  page_title: "Identity check",
  switch_language: "中文",
  cancel: "Quit",
  close_hint: "You can close this page now.",

  intro_title: "Record a short video",
  intro_lead: "It shows that it is really you. It takes about 10 seconds.",
  intro_tip_light: "Even light on your face",
  intro_tip_face: "No sunglasses, mask or hat",
  intro_tip_alone: "Only you in the picture",
  intro_tip_steady: "Screen at eye level, straight ahead",
  consent:
    "By choosing “Agree and start” you agree to a video and sound recording of your face, used for this identity check only. It is stored encrypted and destroyed when its time is over.",
  begin: "Agree and start",

  permission_title: "Please allow the camera",
  permission_lead:
    "Your browser asks whether this page may use camera and microphone. Choose “Allow”.",
  permission_why: "They are used for the recording only and switched off right after it.",
  connecting: "Connecting…",

  position_title: "Place your face in the oval",
  light_unknown: "Look straight ahead and fill the oval",
  light_good: "Good. Keep looking straight ahead",
  light_too_dark: "Too dark: turn towards a light",
  light_too_bright: "Too bright: avoid strong light",
  light_backlit: "Bright light behind you: turn around",
  ready: "I am ready",
  flash_notice:
    "The screen will change its colour again and again. If flashing light is bad for you, choose “No flashing light”.",
  ready_without_flash: "No flashing light",

  challenge_title: "Get ready",
  challenge_lead: "Do what the screen asks you to do",
  challenge_silent_lead: "Look straight ahead and keep still",
  challenge_digits_lead: "Digits appear one by one: say each aloud when you see it",
  challenge_flash_lead: "The screen changes its colour: look ahead, keep still",
  challenge_near_far_lead: "Follow the dashed oval, nearer and farther",

  recording: "Recording",
  look_straight: "Look straight ahead",
  hold_still: "Look straight ahead, keep still",
  say_digit: "Say {digit}",
  say_digit_more: "Loud and clear",
  flash_title: "Look straight ahead, keep still",
  come_near: "Come nearer",
  come_near_more: "Fill the dashed oval",
  go_far: "Move away",
  go_far_more: "Fit into the dashed oval",
  action_blink: "Blink",
  action_mouth: "Open your mouth",
  action_nod: "Nod",
  action_turn_left: "Turn to your left",
  action_turn_right: "Turn to your right",
  action_blink_more: "Close your eyes, open them",
  action_mouth_more: "Wide open, then close it",
  action_nod_more: "Chin down, then up again",
  action_turn_left_more: "Then look straight again",
  action_turn_right_more: "Then look straight again",

  sending_title: "Sending",
  sending_lead: "Please keep this page open",
  sending_progress: "{percent}% sent",
  waiting_title: "Checking",
  waiting_lead: "This usually takes a few seconds",

  done_accepted_title: "All done",
  done_accepted_lead: "We have confirmed that it is you.",
  done_rejected_title: "Not confirmed",
  done_inconclusive_title: "We could not tell",
  done_inconclusive_lead: "The picture was not clear enough for an answer.",
  retry: "Try again",
  retry_camera: "Open the camera again",

  result_hint_look_straight: "Face the screen and keep looking at the oval.",
  result_hint_move_closer: "Come closer, so that your face fills the oval.",
  result_hint_move_back: "Move back a little, so that your whole face is inside the oval.",
  result_hint_speak_clearly: "Find a quiet place, and say each digit aloud when it appears.",
  result_hint_one_person_only: "Only you may be in the picture. Ask others to step aside.",
  result_hint_more_light: "It was too dark. Go where there is more light.",
  result_hint_less_light: "It was too bright. Avoid direct light and windows behind you.",
  result_hint_hold_still: "Hold the phone steady and do not hurry.",
  result_hint_uncover_face: "Take off sunglasses, mask and hat, so that your whole face shows.",
  result_hint_follow_prompts: "Do each action as soon as the screen asks for it.",
  result_hint_try_again: "Please try once more, in person and facing the screen.",
  result_hint_use_other_browser: "Please use another browser or another device.",
  result_hint_contact_support:
    "Please ask the organisation that sent you here; they can see the reason.",

  refused_denied_title: "No access to the camera",
  refused_denied_lead: "The check needs your camera. This is how you allow it:",
  refused_denied_step_1: "Tap the lock or camera icon beside the address",
  refused_denied_step_2: "Set “Camera” to “Allow”",
  refused_denied_step_3: "Come back here and choose “Open the camera again”",
  refused_denied_more: "On a phone, also allow the camera for your browser in the system settings.",
  refused_missing_title: "No camera found",
  refused_missing_lead: "Connect a camera, or open this page on a device that has one.",
  refused_busy_title: "The camera is in use",
  refused_busy_lead: "Close other apps or pages that use the camera, then try again.",
  refused_lost_title: "The camera was disconnected",
  refused_lost_lead: "Check how the camera is connected, then try again.",
  refused_silent_title: "No microphone",
  refused_silent_lead: "This check asks you to say digits. Allow the microphone, then try again.",
  refused_timed_out_title: "No permission yet",
  refused_timed_out_lead: "Try again and choose “Allow” when your browser asks.",

  failed_title: "The check has stopped",
  failed_link_invalid:
    "This link is incomplete or wrong. Go back to the app that sent you and open it again.",
  failed_link_used: "This link has been used. Go back to the app that sent you and start again.",
  failed_link_expired: "This link has expired. Go back to the app that sent you and start again.",
  failed_too_many_attempts:
    "Too many attempts. Try later, or ask the organisation that sent you here.",
  failed_no_balance:
    "The service is not available now. Please tell the organisation that sent you here.",
  failed_no_reference:
    "There is no photo of you to compare with. Please tell the organisation that sent you here.",
  failed_unsupported:
    "This browser cannot record video. Open the same link in a current Chrome, Edge, Safari or Firefox.",
  failed_mode_unavailable:
    "This kind of check is not available here. Ask the business that sent you.",
  failed_network: "The connection is poor. Check your network and try again.",
  failed_server: "The service has a problem. Please try again later.",
  failed_interrupted: "You left the page during the recording. Please stay on it until it is over.",
  failed_camera: "The camera was disconnected during the recording.",
  failed_recorder: "The browser could not record. Please use another browser.",
  failed_timed_out: "It took too long and was stopped.",
  failed_attempt_over: "This check has ended. It may have been opened again somewhere else.",
  failed_no_answer:
    "Your video has arrived, but the answer is not ready. It goes straight to the app that sent you.",

  cancelled_title: "You have quit",
  cancelled_lead: "The camera is off and nothing more was recorded.",
};
