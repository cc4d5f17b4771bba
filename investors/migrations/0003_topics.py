"""The topics every installation starts with."""

from django.db import migrations

TOPICS = (
    (
        "risk_alert",
        "Risk alerts",
        "风险提示",
        "Securities Law of the PRC (2019), Article 88: investment risk is disclosed in full.",
        "《证券法》（2019年修订）第八十八条：充分揭示投资风险。",
    ),
    (
        "trading_system",
        "Trading system",
        "交易系统通知",
        "House rule: outages and changes of trading systems are told to everyone they affect.",
        "公司规定：交易系统的中断与变更须告知所有受影响的投资者。",
    ),
    (
        "account_security",
        "Account security",
        "账户安全",
        "Personal Information Protection Law, Article 57: those affected by a leak are told.",
        "《个人信息保护法》第五十七条：发生个人信息泄露须通知个人。",
    ),
    ("market_news", "Market news", "市场资讯", "", ""),
    ("education", "Investor education", "投资者教育", "", ""),
)


def add(apps, schema_editor):
    topic = apps.get_model("investors", "Topic")
    topic.objects.using(schema_editor.connection.alias).bulk_create(
        topic(code=code, name=name, name_zh=zh, mandatory=bool(rule), rule=rule, rule_zh=rule_zh)
        for code, name, zh, rule, rule_zh in TOPICS
    )


def remove(apps, schema_editor):
    topic = apps.get_model("investors", "Topic")
    topic.objects.using(schema_editor.connection.alias).filter(
        code__in=[row[0] for row in TOPICS]
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("investors", "0002_protection")]

    operations = [migrations.RunPython(add, remove)]
