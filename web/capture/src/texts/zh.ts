// Every word the capture page says, in Chinese. Replace the table to change the words.
// `{name}` marks are filled by the page. The keys are the contract; `en.ts` has the same.

/** The Chinese table; its keys define what a table must have. */
export const zh = {
  page_title: "真人核验",
  switch_language: "English",
  cancel: "退出",
  close_hint: "现在可以关闭此页面。",

  intro_title: "请拍摄一段短视频",
  intro_lead: "确认是您本人，约需 10 秒。",
  intro_tip_light: "面部光线均匀",
  intro_tip_face: "不戴墨镜和口罩",
  intro_tip_alone: "画面中只有您",
  intro_tip_steady: "手机与眼睛同高",
  consent:
    "点击“同意并开始”，即表示您同意录制您的面部视频和声音，仅用于本次身份核验。视频加密保存，到期销毁。",
  begin: "同意并开始",

  permission_title: "请允许使用摄像头",
  permission_lead: "浏览器会询问是否允许使用摄像头和麦克风，请选择“允许”。",
  permission_why: "只在录制时使用，录完立即关闭。",
  connecting: "正在连接…",

  position_title: "将脸放入椭圆框内",
  light_unknown: "正视屏幕，让脸充满椭圆框",
  light_good: "很好，请保持正视",
  light_too_dark: "太暗了，请面向光源",
  light_too_bright: "太亮了，请避开强光",
  light_backlit: "背后光线太强，请换个方向",
  ready: "我准备好了",

  challenge_title: "准备开始",
  challenge_lead: "请按屏幕上的提示做动作",
  challenge_silent_lead: "请正视屏幕，保持不动",

  recording: "录制中",
  look_straight: "请正视屏幕",
  hold_still: "正视屏幕，保持不动",
  action_blink: "请眨眼",
  action_mouth: "请张嘴再合上",
  action_nod: "请点头",
  action_turn_left: "请向左转头",
  action_turn_right: "请向右转头",
  action_blink_more: "闭上双眼，再睁开",
  action_mouth_more: "张大嘴，然后合上",
  action_nod_more: "低头，再抬起",
  action_turn_left_more: "转向您的左侧，再转正",
  action_turn_right_more: "转向您的右侧，再转正",

  sending_title: "正在上传",
  sending_lead: "请不要关闭页面",
  sending_progress: "已上传 {percent}%",
  waiting_title: "正在核验",
  waiting_lead: "通常只需几秒钟",

  done_accepted_title: "核验通过",
  done_accepted_lead: "已确认是您本人。",
  done_rejected_title: "核验未通过",
  done_inconclusive_title: "没能完成核验",
  done_inconclusive_lead: "画面不够清楚，无法给出结论。",
  retry: "再试一次",
  retry_camera: "重新打开摄像头",

  result_hint_look_straight: "请正对屏幕，全程看着椭圆框。",
  result_hint_move_closer: "请靠近一些，让脸充满椭圆框。",
  result_hint_move_back: "请离远一些，让整张脸都在椭圆框内。",
  result_hint_one_person_only: "画面中只能有您一个人，请让旁人离开画面。",
  result_hint_more_light: "光线太暗，请到明亮的地方。",
  result_hint_less_light: "光线太强，请避开直射光或背后的窗户。",
  result_hint_hold_still: "请把手机拿稳，动作不要太快。",
  result_hint_uncover_face: "请摘下墨镜、口罩和帽子，露出整张脸。",
  result_hint_follow_prompts: "请在提示出现后立即做出相应的动作。",
  result_hint_try_again: "请再试一次；确认本人操作并正对屏幕。",
  result_hint_use_other_browser: "请换一个浏览器或另一台设备再试。",
  result_hint_contact_support: "请联系要求您核验的机构，他们可以查看原因。",

  refused_denied_title: "无法使用摄像头",
  refused_denied_lead: "核验需要摄像头，请这样打开权限：",
  refused_denied_step_1: "点击地址栏左侧的锁形或摄像头图标",
  refused_denied_step_2: "将“摄像头”设为“允许”",
  refused_denied_step_3: "回到这里，点击“重新打开摄像头”",
  refused_denied_more: "如果在手机上，还请在系统设置中允许浏览器使用摄像头。",
  refused_missing_title: "没有找到摄像头",
  refused_missing_lead: "请接上摄像头，或换一台有摄像头的设备打开此页面。",
  refused_busy_title: "摄像头被占用",
  refused_busy_lead: "请关闭正在使用摄像头的其他应用或页面，然后重试。",
  refused_lost_title: "摄像头断开了",
  refused_lost_lead: "请检查摄像头的连接，然后重试。",
  refused_timed_out_title: "还没有得到许可",
  refused_timed_out_lead: "请重试，并在浏览器询问时选择“允许”。",

  failed_title: "核验中断",
  failed_link_invalid: "这个链接不完整或不正确。请回到要求您核验的应用，重新打开。",
  failed_link_used: "这个链接已经用过。请回到要求您核验的应用，重新发起。",
  failed_link_expired: "这个链接已经过期。请回到要求您核验的应用，重新发起。",
  failed_too_many_attempts: "尝试次数过多。请稍后再试，或联系要求您核验的机构。",
  failed_no_balance: "服务暂时不可用，请联系要求您核验的机构。",
  failed_no_reference: "没有可供比对的照片。请联系要求您核验的机构。",
  failed_unsupported:
    "这个浏览器不能录制视频。请用最新版的 Chrome、Edge、Safari 或 Firefox 打开同一链接。",
  failed_network: "网络不通畅。请检查网络后重试。",
  failed_server: "服务暂时出错，请稍后再试。",
  failed_interrupted: "录制时离开了页面。录制过程中请不要切换应用或标签页。",
  failed_camera: "录制时摄像头断开了。",
  failed_recorder: "浏览器无法录制。请换一个浏览器再试。",
  failed_timed_out: "等待时间过长，已停止。",
  failed_attempt_over: "这次核验已经结束，可能已在别处重新打开。",
  failed_no_answer: "视频已收到，但结果还没有出来。结果会直接送达要求您核验的应用。",

  cancelled_title: "已退出",
  cancelled_lead: "摄像头已关闭，没有继续录制。",
} as const;

/** The name of one text. */
export type TextKey = keyof typeof zh;

/** A complete table of texts. */
export type Texts = Readonly<Record<TextKey, string>>;
