"""What runs say: functions of the dataset alone, without model or simulator."""
