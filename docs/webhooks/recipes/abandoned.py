# Mails whoever should call back when somebody left the queue before an agent came. A help desk that opens tickets from
# e-mail takes it as it is: MAIL_TO is its address, and answers go to the visitor.
#
#   PAPO_SECRET=whsec_… SMTP_HOST=smtp.example.com SMTP_USER=… SMTP_PASSWORD=… MAIL_FROM=papo@example.com \
#   MAIL_TO=tickets@example.com python3 abandoned.py
import os
import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from receive import serve  # noqa: E402 (one folder up)


def letter(event: dict) -> EmailMessage:
    data, chat, visitor = event["data"], event["data"]["chat"], event["data"]["visitor"]
    mail = EmailMessage()
    mail["From"], mail["To"] = os.environ["MAIL_FROM"], os.environ["MAIL_TO"]
    mail["Subject"] = f"Call back {chat['protocol']}: {(visitor['name'] or 'somebody').splitlines()[0]}"
    # The same event may come twice: mail servers and help desks drop a second mail with the same id.
    mail["Message-ID"] = f"<{event['id']}@papo.invalid>"
    if visitor["email"]:
        mail["Reply-To"] = visitor["email"]
    lines = {
        "Name": visitor["name"], "Phone": visitor["phone"] or visitor["phone_raw"], "E-mail": visitor["email"],
        "Department": chat["department"]["name"], "Waited": f"{data['waited_seconds']} s", "Asked": chat["subject"],
        "Page": chat["page"]["url"], "Conversation": chat["console_url"],
    }
    mail.set_content("\n".join(f"{name}: {value}" for name, value in lines.items() if value) + "\n")
    return mail


def call_back(_db, event: dict) -> None:
    if event["type"] not in ("chat.abandoned", "chat.missed"):
        return
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ.get("SMTP_PORT", 587)), timeout=10) as server:
        if "SMTP_USER" in os.environ:
            server.starttls()
            server.login(os.environ["SMTP_USER"], os.environ["SMTP_PASSWORD"])
        server.send_message(letter(event))  # if it fails we answer 500, and Papo tries again


serve(call_back)
