"""The web page: text, training, data, performance and synthesis, on this computer only.

Only ``app.py``, ``afresh.py``, ``fetching.py``, ``serve.py``, ``theme.py``, ``words.py`` and the
modules named ``*_tab.py`` import gradio, so that what they show and run can be used and tested
without it.
"""
