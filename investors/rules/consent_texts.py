"""The consent texts that every installation starts with: what an investor reads before agreeing.

One text for each purpose and language, version 1. They tell what Article 17 of the Personal
Information Protection Law (PIPL) asks for: who handles what, why, how, for how long, and how to
use one's rights; consent is voluntary and explicit (Art. 14), can be withdrawn as easily as given,
without effect on what was done before (Art. 15), and a refusal costs no service that does not
need it (Art. 16). A firm has its own counsel look at them, and puts its own in force as version 2.
"""

from __future__ import annotations

from typing import Any, Final

from investors.rules.consent import EMAIL, INBOX, PUSH, SMS

_ZH = (
    "我公司（开立您账户的证券公司，个人信息处理者）将使用您的{data}，通过{channel}向您发送通知，包括市场资讯、"
    "投资者教育等您选择接收的内容，以及与您的账户和交易有关的提醒。\n\n"
    "处理方式：{data}加密保存；发送时仅向承担传送的{carrier}提供送达所必需的号码或地址及消息内容。"
    "保存期限：账户存续期间，以及法律法规要求的保存期限届满为止。\n\n"
    "本同意由您自愿作出（《个人信息保护法》第十四条）。您可以随时在本页面或通过客服撤回，撤回与同意同样简便，"
    "且不影响撤回前已进行的处理（第十五条）。不同意或撤回同意，不影响您使用不以此为必需的产品和服务（第十六条）；"
    "法律法规要求告知的事项仍会送达您的站内信箱。您有权查阅、复制、更正、删除您的个人信息，"
    "可在本页面或通过客服行使（第十七条）。"
)
_EN = (
    "Our firm (the securities firm that keeps your account, as the handler of your personal "
    "information) will use your {data} to send you notices by {channel}: what you choose to hear "
    "about, such as market news and investor education, and reminders about your account and your "
    "trading.\n\n"
    "How: your {data} is kept encrypted; on sending, {carrier} that carries the message gets only "
    "the number or address and the message. How long: while you have an account, and until the "
    "periods that the law prescribes have ended.\n\n"
    "You agree of your own free will (Personal Information Protection Law, Article 14). You may "
    "withdraw at any time, on this page or through our service desk, as easily as you agreed, "
    "without effect on what was done before (Article 15). Refusing or withdrawing does not cost "
    "you any product or service that does not need it (Article 16); what the law obliges us to "
    "tell you still arrives in your portal inbox. You may inspect, copy, correct and delete your "
    "personal information, on this page or through our service desk (Article 17)."
)
_INBOX_ZH = (
    "站内信箱是账户合同的组成部分：法律法规要求我公司告知您的事项均送达于此，处理以履行合同及法定义务为依据，"
    "不以同意为前提（《个人信息保护法》第十三条）。消息按法律法规要求的期限保存。您可以选择不在此接收市场资讯等"
    "非法定内容，并有权查阅、复制、更正您的个人信息，可在本页面或通过客服行使（第十七条）。"
)
_INBOX_EN = (
    "The portal inbox is part of the account contract: whatever the law obliges us to tell you "
    "arrives here. We handle it to fulfil the contract and our legal duties, which needs no "
    "consent (Personal Information Protection Law, Article 13). Messages are kept as long as the "
    "law prescribes. You may choose not to get market news and the like here, and you may "
    "inspect, copy and correct your personal information, on this page or through our service "
    "desk (Article 17)."
)

_CHANNELS: Final = (
    (SMS, "手机号码", "短信", "电信运营商", "mobile number", "text message", "the carrier"),
    (EMAIL, "电子邮箱地址", "电子邮件", "邮件服务提供者", "e-mail address", "e-mail",
     "the mail service"),
    (PUSH, "设备推送标识", "手机应用推送", "推送服务提供者", "device's push identifier", "app push",
     "the push service"),
)  # fmt: skip

# (purpose, language, text)
SHIPPED: Final[tuple[tuple[str, str, str], ...]] = (
    *(
        row
        for purpose, data_zh, channel_zh, carrier_zh, data, channel, carrier in _CHANNELS
        for row in (
            (purpose, "zh-hans",
             _ZH.format(data=data_zh, channel=channel_zh, carrier=carrier_zh)),
            (purpose, "en", _EN.format(data=data, channel=channel, carrier=carrier)),
        )
    ),
    (INBOX, "zh-hans", _INBOX_ZH),
    (INBOX, "en", _INBOX_EN),
)  # fmt: skip

# By their own names: whoever writes a text reads its language.
CONSENT_LANGUAGES: Final = {"zh-hans": "简体中文", "zh-hant": "繁體中文", "en": "English"}


def canonical_consent_text(*, purpose: str, language: str, text: str) -> dict[str, Any]:
    """What the content hash of a version stands for."""
    return {"language": language, "purpose": purpose, "text": text}
