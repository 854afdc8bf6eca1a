"""Line breaks of texts that are sent: "\\n" alone. A form posts "\\r\\n", which counts and costs one character more. Plain
Python."""


def unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
